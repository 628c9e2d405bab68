module inlay.invalid/interop

go 1.24.0

require (
	github.com/bufbuild/protocompile v0.14.1
	github.com/nats-io/nats.go v1.42.0
	google.golang.org/protobuf v1.36.12
	k8s.io/apimachinery v0.33.0
	wrpc.io/go v0.2.0
)

require (
	github.com/go-logr/logr v1.4.2 // indirect
	github.com/klauspost/compress v1.18.0 // indirect
	github.com/nats-io/nkeys v0.4.11 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	golang.org/x/crypto v0.37.0 // indirect
	golang.org/x/sync v0.8.0 // indirect
	golang.org/x/sys v0.32.0 // indirect
	k8s.io/klog/v2 v2.130.1 // indirect
	k8s.io/utils v0.0.0-20241104100929-3ea5e8cea738 // indirect
)

// The module is published under this name; a module proxy that takes modules only from well-known hosts has it under the
// name of its repository.
replace wrpc.io/go => github.com/bytecodealliance/wrpc/go v0.2.0
