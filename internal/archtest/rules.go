package archtest

import "slices"

// Layers says which packages of this module may import which. It is an allow
// list: what is not here is not allowed.
var Layers = []Layer{
	{Package: "retry",
		Why: "services import retry and nothing else; it meets breakers and clocks through small interfaces and optional methods on errors"},
	{Package: "retry/retryhttp", Imports: []string{"retry"},
		Why: "services import it next to retry; it is an adapter of HTTP to retry and to nothing else"},
	{Package: "retry/retryaws", Imports: []string{"retry", "retry/retryhttp"},
		Why: "it has the shape of the AWS SDK's retryer without the SDK; who uses one has the other"},
	{Package: "retry/retrylog", Imports: []string{"retry"},
		Why: "it writes retry's events to log/slog, and knows nothing else"},
	{Package: "retry/retryprom", Imports: []string{"retry"},
		Why: "it counts retry's events for Prometheus, and knows nothing else"},
	{Package: "breaker",
		Why: "services import breaker and nothing else; it meets retry through optional methods on errors"},
	{Package: "breaker/breakerprom", Imports: []string{"breaker"},
		Why: "it shows breakers to Prometheus"},
	{Package: "breaker/redisstore", Imports: []string{"breaker"},
		Why: "it keeps what breakers share in Redis, and knows nothing else"},
	{Package: "sim",
		Why: "virtual time knows nothing of retries, breakers, faults or S3, so that anything can be simulated on it"},
	{Package: "faults", Imports: []string{"internal/nearest", "sim", "retry/retryhttp"}, Tests: []string{"faults/...", "retry"},
		Why: "a fault plan decides what a backend answers; of the clients it knows only the error type that they would get"},
	{Package: "faults/s3fake", Imports: []string{"faults", "sim"}, Tests: []string{"faults/...", "retry/..."},
		Why: "the fake S3 is a backend; it knows nothing of its clients"},
	{Package: "faults/httpfake", Imports: []string{"faults", "sim"}, Tests: []string{"faults/...", "retry/..."},
		Why: "the fake HTTP service is a backend; it knows nothing of its clients"},
	{Package: "reports",
		Tests: []string{"reports/internal/samples"},
		Why:   "reports know the record of a run and not what made it, so that a run and its report can be far apart"},
	{Package: "reports/figures", Imports: []string{"reports"}, Tests: []string{"reports/internal/samples"},
		Why: "figures are drawn from the record of a run, or from a chart, alone"},
	{Package: "reports/internal/samples", Imports: []string{"reports"},
		Why: "made-up records for the tests of reports"},
	{Package: "internal/measure", Imports: []string{"reports"},
		Why: "runs and live backends measure alike; what they measure is theirs"},
	{Package: "internal/fleet",
		Imports: []string{"internal/measure", "retry", "retry/retryhttp", "breaker", "faults", "faults/s3fake", "faults/httpfake", "sim", "reports"},
		Why:     "the fleet wires policies, faults and backends together; it is given its configuration and does not read scenarios"},
	{Package: "internal/nearest",
		Why: "the nearest known word, for whoever writes an error message"},
	{Package: "scenarios",
		Imports: []string{"retry", "breaker", "faults", "faults/httpfake", "sim", "internal/fleet", "internal/measure", "internal/nearest", "reports"},
		Why:     "a scenario is turned into a fleet's configuration, and its routes are checked by the backend that has them; commands and figures are above it"},
	{Package: "scenarios/logs",
		Why: "reading access logs is of use on its own; who imports it makes a scenario of what it finds"},
	{Package: "internal/live", Imports: []string{"scenarios", "reports", "internal/measure", "faults", "faults/s3fake", "faults/httpfake", "sim", "internal/nearest"},
		Why: "it puts a scenario's backend on sockets, for clients that nobody here knows; policies and loads have no part in it"},
	{Package: "internal/livefleet", Imports: []string{"internal/live", "internal/fleet", "scenarios", "reports", "retry", "breaker", "sim"},
		Why: "it plays a scenario's load in real time on the public core, as a service would, against a live backend; what calls are made, and the books, are the fleet's"},
	{Package: "internal/verify", Imports: []string{"internal/livefleet", "internal/fleet", "scenarios", "faults", "reports"},
		Why: "it holds the modes of a run against each other; how each is played is not its matter"},
	{Package: "internal/matrix",
		Imports: []string{"retry", "retry/retryhttp", "faults", "faults/s3fake", "faults/httpfake", "sim", "internal/fleet", "internal/live", "internal/measure", "internal/nearest", "scenarios", "reports"},
		Why:     "it holds one client against one fault at a time: in process as the fleet does, or a program against a live backend; scenarios are how that is told what to serve"},
	{Package: "internal/published", Imports: []string{"retry", "breaker", "sim", "reports"},
		Why: "published models are programs on sim that run the core; what they find is plain data, charts included"},
	{Package: "internal/published/validate", Imports: []string{"internal/published", "reports", "reports/figures"},
		Why: "it writes docs/validation.md and its figures, and nothing else"},
	{Package: "internal/studies/awsretry", Imports: []string{"scenarios", "retry", "reports", "reports/figures"},
		Why: "it plays variations of built-in scenarios and writes a page of docs/studies, and nothing else"},
	{Package: "internal/regions", Imports: []string{"scenarios", "reports"},
		Why: "a map is many runs of one scenario; how a run comes about, and how a map is drawn, is theirs"},
	{Package: "cmd/simulate",
		Imports: []string{"scenarios", "internal/live", "internal/livefleet", "internal/matrix", "internal/regions", "internal/verify", "scenarios/logs", "internal/nearest", "reports", "reports/figures"},
		Why:     "the command is flags and wiring; what it wires is in packages that can be tested without it"},
	{Package: "docs", Tests: []string{"retry", "retry/retryhttp", "breaker", "sim"},
		Why: "the documents' code is what a service would write; it has no package of its own"},
	{Package: "internal/coretest", Tests: []string{"retry", "breaker"},
		Why: "laws of the core by rapid, which the core's own tests do not import"},
	{Package: "internal/archtest",
		Why: "the rules stand outside of what they rule"},
}

// Homes says where each third-party module may be imported.
var Homes = []Home{
	{Module: "github.com/sony/gobreaker/v2", In: []string{"breaker"},
		Why: "gobreaker is the engine behind our gate; around the gate its clock, callbacks and defects would be everyone's"},
	{Module: "github.com/johannesboyne/gofakes3", In: []string{"faults/s3fake"},
		Why: "gofakes3 has traps (panics, a clock of its own, silent overwrites) that s3fake closes"},
	{Module: "gonum.org/v1/plot", In: []string{"reports/figures"},
		Why: "who wants numbers should not need to compile plots"},
	{Module: "golang.org/x/image", In: []string{"reports/figures"},
		Why: "fonts belong to the figures"},
	{Module: "github.com/spf13/cobra", In: []string{"cmd/simulate"},
		Why: "flags are the command's; packages take plain data"},
	{Module: "github.com/spf13/pflag", In: []string{"cmd/simulate"},
		Why: "flags are the command's; packages take plain data"},
	{Module: "github.com/schollz/progressbar/v3", In: []string{"cmd/simulate"},
		Why: "progress is shown by the command; packages report it through a function"},
	{Module: "golang.org/x/term", In: []string{"cmd/simulate"},
		Why: "only the command knows whether there is a terminal"},
	{Module: "github.com/hbollon/go-edlib", In: []string{"internal/nearest"},
		Why: "one measure of what a misspelt word meant, for all error messages"},
	{Module: "github.com/goccy/go-yaml", In: []string{"scenarios"},
		Why: "YAML is the scenario file's; everything below gets checked values"},
	{Module: "github.com/HdrHistogram/hdrhistogram-go", In: []string{"internal/measure"},
		Why: "the record of a run has its own form of a distribution, so that the histogram can be replaced"},
	{Module: "github.com/jedib0t/go-pretty/v6", In: []string{"reports"},
		Why: "the tables' look is decided in one place"},
	{Module: "github.com/bmatcuk/doublestar/v4", In: []string{"faults"},
		Why: "what a key glob means is decided by the fault plan"},
	{Module: "github.com/prometheus/client_golang", In: []string{"retry/retryprom", "breaker/breakerprom", "internal/live"},
		Why: "who retries or has breakers without Prometheus takes on nothing of it; a live backend has metrics, and is imported by the command alone"},
	{Module: "github.com/redis/go-redis/v9", In: []string{"breaker/redisstore"},
		Why: "who has breakers without Redis takes on nothing of it"},
	{Module: "pgregory.net/rapid", Tests: []string{"..."}, Never: coreTrees,
		Why: "rapid is for tests, and not for the core's: what they import, the core's users find in their go.sum"},
	{Module: "github.com/rogpeppe/go-internal", Tests: []string{"..."}, Never: coreTrees,
		Why: "testscript is for tests, and not for the core's: what they import, the core's users find in their go.sum"},
}

// coreTrees are the packages that services import.
var coreTrees = []string{"retry/...", "breaker/..."}

// Adapters are the packages below the core that bring it together with a
// third-party module. Who does not import them has nothing of them.
var Adapters = []string{"retry/retryprom", "breaker/breakerprom", "breaker/redisstore"}

// Cores says what the production core may need in all.
var Cores = []Core{
	{Packages: []string{"retry/..."}, Except: Adapters,
		Why: "retry is the standard library's only, all the way down"},
	{Packages: []string{"breaker/..."}, Except: Adapters, Modules: []string{"github.com/sony/gobreaker/v2"},
		Why: "breaker needs its engine and the standard library"},
}

// randomTypes and randomMakers are what is left of the random packages when
// their shared generators are banned.
var (
	randomTypes  = []string{"Rand", "Source", "Zipf"}
	randomMakers = []string{"New", "NewZipf"}
)

// Bans says what may not be used outside of the [Exemptions].
var Bans = []Ban{
	{Package: "time", Names: []string{"Now", "Since", "Until", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc"},
		Why: "time is told through a clock, so that hours pass in seconds and every run is the same"},
	{Package: "time", Names: []string{"Sleep"}, Tests: true,
		Why: "who sleeps waits on a clock; a test that sleeps is slow, or wrong on a slow day"},
	{Package: "context", Names: []string{"WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause"},
		Why: "a context's timer runs on the system's clock; the clock seams have a WithTimeout of their own"},
	{Package: "math/rand", Except: slices.Concat(randomTypes, randomMakers, []string{"Source64", "NewSource"}), Tests: true,
		Why: "the shared generator gives other numbers in every process, and a failure that cannot be repeated"},
	{Package: "math/rand/v2", Except: slices.Concat(randomTypes, randomMakers, []string{"PCG", "NewPCG", "ChaCha8", "NewChaCha8"}), Tests: true,
		Why: "the shared generator gives other numbers in every process, and a failure that cannot be repeated"},
	{Package: "hash/maphash",
		Why: "its seed is random in every process, so what it hashes to is too"},
	{Package: "crypto/rand", Tests: true,
		Why: "it cannot be repeated; chance comes from keyed streams or from a Chance"},
}

// Exemptions says which files may use what is banned: one for each seam.
var Exemptions = []Exemption{
	{File: "retry/clock.go", Packages: []string{"time", "context"}, Why: "the system clock of retry"},
	{File: "retry/chance.go", Packages: []string{"math/rand/v2"}, Why: "the system chance of retry"},
	{File: "breaker/clock.go", Packages: []string{"time", "context"}, Why: "the system clock of breaker"},
	{File: "breaker/chance.go", Packages: []string{"math/rand/v2"}, Why: "the system chance of breaker"},
	{File: "faults/clock.go", Packages: []string{"time"}, Why: "the clock of faults on real sockets"},
	{File: "internal/live/certificate.go", Packages: []string{"crypto/rand"}, Why: "the keys of a TLS server are secret, or it would be no TLS; no outcome depends on them"},
	{File: "cmd/simulate/clock.go", Packages: []string{"time"}, Why: "the wall clock of the command's messages"},
}

// Inexact says which packages may add to products that are not rounded.
var Inexact = []Unrounded{
	{Package: "reports/figures",
		Why: "it draws through gonum/plot, which does not round either; lengths are printed with few digits"},
	{Package: "reports/internal/samples",
		Why: "what it makes up is for the eye and for tests on one machine"},
}

// TheStyle is how files have to look. Both sizes are hard limits; 400 and 60
// lines are what to aim at.
var TheStyle = Style{
	FileLines:   450,
	FuncLines:   80,
	BadNames:    []string{"util", "utils", "common", "helpers", "types", "misc", "shared"},
	OpenMatters: []string{"TODO", "FIXME", "XXX", "HACK"},
}

// CoreUsers is what a module that imports only the core may have in its go.sum:
// the breaker's engine and what the engine's own tests need.
var CoreUsers = []string{
	"github.com/sony/gobreaker/v2",
	"github.com/stretchr/testify",
	"github.com/davecgh/go-spew",
	"github.com/pmezard/go-difflib",
	"gopkg.in/yaml.v3",
}
