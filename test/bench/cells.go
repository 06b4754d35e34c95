package main

import (
	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// cell is a variant with pods of one size: how to ask, and where results go.
type cell struct {
	variant        *variant.Variant
	create, direct load.Call // direct is nil where there is no server
	measured       *report.Measured
}

// prepare makes the cells of all variants, and room for their results.
func prepare(s *stage.Stage, result *report.Run) (ofSizes [][]cell, err error) {
	ofSizes = make([][]cell, len(pods.Sizes))
	for size, name := range pods.Sizes {
		pod, review, err := s.Bytes(pods.Size(size))
		if err != nil {
			return nil, err
		}
		result.Sizes = append(result.Sizes, report.Size{Name: name, Pod: pod, Review: review})
	}
	for i := range s.Variants {
		v := &s.Variants[i]
		of := report.Variant{Name: v.Name, Title: v.Title, Sizes: make([]report.Measured, len(pods.Sizes))}
		for size := range pods.Sizes {
			c := cell{variant: v, measured: &of.Sizes[size]}
			if c.create, err = s.Create(v, pods.Size(size)); err != nil {
				return nil, err
			}
			if v.Webhook() {
				c.direct = s.Direct(v, pods.Size(size))
			}
			ofSizes[size] = append(ofSizes[size], c)
		}
		result.Variants = append(result.Variants, of)
	}
	return ofSizes, nil
}
