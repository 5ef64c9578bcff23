module github.com/btfkit/btfkit/cmd/internal/flags

go 1.25.0
