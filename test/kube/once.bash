# Builds a Go program once. Sourced by the build scripts of test/kube and test/istio.
#
# once OUTPUT MINUTES PACKAGE [go build flag...]
#
# builds PACKAGE of the module in the current directory into OUTPUT, unless OUTPUT is
# already there and was built from the same pins: OUTPUT.stamp holds a hash of go.mod,
# go.sum, the package, the flags and the platform. MINUTES is what a cold build
# takes on two cores, for the line that tells people why nothing seems to happen.
once() {
  local output=$1 minutes=$2 package=$3
  shift 3
  local stamp=$output.stamp name=${output##*/} want
  want=$(
    {
      cat go.mod go.sum
      go env GOOS GOARCH CGO_ENABLED
      printf '%s\n' "$package" "$@"
    } | sha256sum | cut -d' ' -f1
  )
  if [[ -x $output && -f $stamp && $(<"$stamp") == "$want" ]]; then
    return 0
  fi
  mkdir -p "${output%/*}"
  rm -f "$stamp"
  echo "building $name from source: about $minutes on 2 cores the first time, then never again until its version changes"
  local start=$SECONDS
  # Not -mod=mod: a build must not move the pins. Built beside and renamed, so that an
  # interrupted build leaves no half-written program under the final name.
  go build -mod=readonly -o "$output.new" "$@" "$package"
  mv "$output.new" "$output"
  echo "$want" >"$stamp"
  echo "built $name in $((SECONDS - start)) s: $(du -h "$output" | cut -f1) in $output"
}
