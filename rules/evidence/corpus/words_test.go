package corpus

// places are where the text stands that shows a use.
var places = []string{inText, "configmap", "file", "secret"}

// traps are why pods look as if they used what they do not use.
var traps = []string{"between-nodes", "browser", "http", "localhost", "no-host", "own-cluster", "own-listeners", "own-name", "plain", "secret", "switched-off"}
