// Package report is what a run measured, and the ways to show it: a table for the terminal,
// and docs/speed.json with the page and the picture that follow from it.
package report

import "fmt"

// Run is all that was measured on one machine.
type Run struct {
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Sizes    []Size    `json:"sizes"`
	Variants []Variant `json:"variants"`
}

// Machine is what it ran on. Only ratios within one run say something about others.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Linux      string `json:"linux"`
	Go         string `json:"go"`
	Kubernetes string `json:"kubernetes"`
}

// Settings are how it was measured.
type Settings struct {
	// Requests are made of each size by each variant, one after the other.
	Requests int `json:"requests"`
	// Direct are made of each size to each server itself.
	Direct int `json:"direct"`
	// Clients create pods at once, Turn of them before it is the next variant's turn.
	Clients int `json:"clients"`
	Turn    int `json:"turn"`
}

// Size is one of the pods.
type Size struct {
	Name   string `json:"name"`
	Pod    int    `json:"podBytes"`
	Review int    `json:"reviewBytes"`
}

// Variant is one way in which pods are admitted.
type Variant struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Resident is the memory of its server after all requests; nil: it has none.
	Resident *Memory `json:"resident,omitempty"`
	// Sizes are in the order of Run.Sizes.
	Sizes []Measured `json:"sizes"`
}

// Memory is what the kernel counts as resident of a process.
type Memory struct {
	Own int64 `json:"ownBytes"` // heap, stacks, changed data: the kernel's RssAnon
	// File are the used pages of the program's file, which processes share and the kernel may
	// drop: RssFile.
	File int64 `json:"fileBytes"`
}

// MiB is all of it.
func (m Memory) MiB() float64 { return mib(m.Own + m.File) }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// String names the parts, in MiB: "47 MiB (14 own, 33 of the program's file)".
func (m Memory) String() string {
	return fmt.Sprintf("%.0f MiB (%.0f own, %.0f of the program's file)", m.MiB(), mib(m.Own), mib(m.File))
}

// Measured is one variant with pods of one size.
type Measured struct {
	Created Times  `json:"created"`          // through the API server, one after the other
	Crowd   Crowd  `json:"together"`         // the same by many clients at once
	Direct  *Times `json:"direct,omitempty"` // its server alone; nil: it has none
}

// Crowd is what many clients at once got.
type Crowd struct {
	// Rates are how many pods a second, in each round. In a round variants follow each other
	// closely, so rates of the same one are held against each other.
	Rates []float64 `json:"rates"`
	// Pods is how many pods there were.
	Pods int `json:"pods"`
	// CPU is how long its server used a core for each of them, in milliseconds; 0: it has none.
	CPU float64 `json:"cpu,omitempty"`
	Times
}
