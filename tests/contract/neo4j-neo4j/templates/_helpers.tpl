{{- define "neo4j.fullname" -}}
{{- $full := .Release.Name }}
{{- with .Values.nameOverride }}
{{- if not (contains . $full) }}{{ $full = printf "%s-%s" $full . }}{{ end }}
{{- end }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "neo4j.secretName" -}}
{{- with .Values.neo4j.passwordFromSecret }}{{ tpl . $ }}{{ else }}{{ .Values.neo4j.name }}-auth{{ end }}
{{- end }}

{{- define "contract.neo4j.selector" -}}
app: {{ required "neo4j.name is required" .Values.neo4j.name | quote }}
helm.neo4j.com/instance: {{ include "neo4j.fullname" . | quote }}
{{- end }}
