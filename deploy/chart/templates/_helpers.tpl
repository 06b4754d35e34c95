{{/* Labels of every object; extra ones replace none of ours. */}}
{{- define "holdfast.labels" -}}
{{- merge (dict "app.kubernetes.io/name" "holdfast") (.Values.extraLabels | default dict) | toYaml }}
{{- end }}

{{/* Whom rights are given to. */}}
{{- define "holdfast.subjects" -}}
- {kind: ServiceAccount, name: holdfast, namespace: {{ .Release.Namespace }}}
{{- end }}

{{/* The image. A digest decides, whatever the tag says. */}}
{{- define "holdfast.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* GOMEMLIMIT from limits.memory, which the schema holds to whole Mi and Gi. */}}
{{- define "holdfast.memoryLimit" -}}
{{- $mi := ternary 1024 1 (hasSuffix "Gi" .) -}}
{{ div (mul (regexFind "^[0-9]+" .) $mi 5) 8 }}MiB
{{- end }}

{{/* How a container may run: the Pod Security Standard "restricted". */}}
{{- define "holdfast.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
{{- define "holdfast.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* No part of the mesh: the API server speaks plain TLS to webhooks, and what comes before or after
     the mesh must not need it. */}}
{{- define "holdfast.outOfMesh" -}}
sidecar.istio.io/inject: "false"
istio.io/dataplane-mode: none
{{- end }}

{{/* What mode cert-manager asks cert-manager's CA injector for. */}}
{{- define "holdfast.injectCA" -}}
{{- if eq .Values.certificates.mode "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/holdfast
{{- end }}
{{- end }}

{{/* What the test needs beside its pod: there before it, gone after it. */}}
{{- define "holdfast.testRights" -}}
helm.sh/hook: test
helm.sh/hook-weight: "-1"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}
