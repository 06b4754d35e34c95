package main

import (
	"crypto/sha256"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/krew/pkg/constants"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// downloads is where the archives of a version will be.
const downloads = "https://github.com/holdfast-mesh/holdfast/releases/download/"

// krew links one program of a plugin, so it leaves completion to the user.
const caveats = `Completion, for kubectl 1.26 or newer:
  cp "${KREW_ROOT:-$HOME/.krew}"/store/holdfast/*/kubectl_complete-holdfast "${KREW_ROOT:-$HOME/.krew}/bin/"
`

// writeKrew makes the plugin's manifest, with which krew installs the archives as
// 'kubectl holdfast'.
func (r release) writeKrew(archives []packed) error {
	plugin := index.Plugin{
		TypeMeta:   metav1.TypeMeta{APIVersion: constants.CurrentAPIVersion, Kind: constants.PluginKind},
		ObjectMeta: metav1.ObjectMeta{Name: "holdfast"},
		Spec: index.PluginSpec{
			Version:          r.version,
			Homepage:         "https://github.com/holdfast-mesh/holdfast",
			ShortDescription: "Keep long-lived TCP connections of a mesh alive",
			Description: `Checks rules of holdfast, shows what they would change in manifests and in
running workloads, and says whether it is in force in a pod's sidecar.
`,
			Caveats: caveats,
		},
	}
	for _, a := range archives {
		plugin.Spec.Platforms = append(plugin.Spec.Platforms, index.Platform{
			URI:      downloads + r.version + "/" + a.name,
			Sha256:   fmt.Sprintf("%x", sha256.Sum256(a.data)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"os": a.os, "arch": a.arch}},
			Files:    []index.FileOperation{{From: "*", To: "."}},
			Bin:      a.program(),
		})
	}
	text, err := yaml.Marshal(plugin)
	if err != nil {
		return err
	}
	return r.put("krew.yaml", text)
}
