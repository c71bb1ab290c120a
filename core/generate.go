package core

//go:generate go tool -modfile=../tools/go.mod moq -rm -skip-ensure -pkg coremock -out internal/coremock/summarizer.go . Summarizer
