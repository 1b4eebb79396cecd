// Tailrace's peer in Go. The oldest Go that it accepts stands here; CMakeLists.txt reads it.
module tailrace

go 1.22

require golang.org/x/sys v0.30.0
