// Package chart tests the Helm chart in deploy/chart and deploy/install.yaml: what they
// render, what a real API server says of it, and what becomes of pods.
package chart
