module github.com/squall-sim/squall/compat/awslegacy

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/squall-sim/squall v0.0.0
)

require github.com/aws/smithy-go v1.28.8 // indirect

replace github.com/squall-sim/squall => ../../
