{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "ai-agent-connector.connections" -}}
{{ include "ai-agent-connector.secretName" . }}
{{- end }}
