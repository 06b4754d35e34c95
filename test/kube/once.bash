# Builds a Go program once. Sourced by the build scripts of test/kube and test/istio.
#
# once OUTPUT TIME PACKAGE [go build flag...]
#
# builds PACKAGE of the module in the current directory into OUTPUT, unless OUTPUT is
# already there and was built from the same pins. TIME is what a cold build takes on two
# cores, for the line that tells people why nothing seems to happen.
#
# OUTPUT.stamp holds two hashes. The first, of go.mod, go.sum, flags and platform, is quick
# to compare. Where it differs, the second decides: of the modules that the program is
# really made of, since a go.mod that tests share changes for other reasons too.
once() {
  local output=$1 time=$2 package=$3
  shift 3
  local stamp=$output.stamp name=${output##*/} flags files modules
  flags="$(go env GOOS GOARCH CGO_ENABLED) $package $*"
  files=$({ echo "$flags" && cat go.mod go.sum; } | sha256sum | cut -d' ' -f1)
  if [[ -x $output && -f $stamp && $(head -1 "$stamp") == "$files" ]]; then
    return 0
  fi
  modules=$(go list -deps -f '{{with .Module}}{{.Path}} {{.Version}} {{with .Replace}}{{.Path}} {{.Version}}{{end}}{{end}}' "$package" | sort -u)
  modules=$(echo "$flags $modules" | sha256sum | cut -d' ' -f1)
  if [[ ! -x $output || ! -f $stamp || $(tail -1 "$stamp") != "$modules" ]]; then
    mkdir -p "${output%/*}"
    rm -f "$stamp"
    echo "building $name from source: about $time on 2 cores the first time, then never again until its version changes"
    local start=$SECONDS
    # Built beside and renamed, so that an interrupted build leaves no half-written program
    # under the final name. Read-only, because a build must not move the pins.
    go build -mod=readonly -o "$output.new" "$@" "$package"
    mv "$output.new" "$output"
    echo "built $name in $((SECONDS - start)) s: $(du -h "$output" | cut -f1) in $output"
  fi
  printf '%s\n' "$files" "$modules" >"$stamp"
}
