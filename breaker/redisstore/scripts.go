package redisstore

import "github.com/redis/go-redis/v9"

// swappedAnswer is the only part of swapScript's answer where it has swapped. No type of
// Redis is called that.
const swappedAnswer = "swapped"

// found is how both scripts begin and answer: with the type of what is under the key
// ("none" for nothing) and, if that is a hash, the time and the fields in the order in
// which parse wants them; those that are not there are false, which Redis makes nil.
//
// The time is put together as text: a script's numbers are floats, and turning one of 16
// digits into text would round it.
const found = `
local kind = redis.call('TYPE', KEYS[1]).ok
local now = redis.call('TIME')
now = now[1] .. string.format('%06d', now[2])
local fields = {}
if kind == 'hash' then
	fields = redis.call('HMGET', KEYS[1], 'version', 'open', 'isolated', 'left', 'at', 'trips', 'by')
end
`

var loadScript = redis.NewScript(found + `
return {kind, now, unpack(fields)}
`)

// swapScript swaps for the version ARGV[1], or where there is nothing; the others are the
// new fields, and the milliseconds after which they expire.
var swapScript = redis.NewScript(found + `
local version = fields[1]
if kind == 'none' then version = ARGV[1] end
if version ~= ARGV[1] then
	return {kind, now, unpack(fields)}
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'open', ARGV[3], 'isolated', ARGV[4],
	'left', ARGV[5], 'at', now, 'trips', ARGV[6], 'by', ARGV[7])
if ARGV[8] == '' then
	redis.call('PERSIST', KEYS[1])
else
	redis.call('PEXPIRE', KEYS[1], ARGV[8])
end
return {'` + swappedAnswer + `'}
`)
