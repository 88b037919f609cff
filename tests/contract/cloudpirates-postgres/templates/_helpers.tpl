{{- define "postgres.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postgres.fullname" -}}
{{- $own := .Values.nameOverride | default .Chart.Name }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $own) (contains $own .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postgres.secretName" -}}
{{- with .Values.auth.existingSecret }}{{ tpl . $ }}{{ else }}{{ include "postgres.fullname" . }}{{ end }}
{{- end }}

{{- define "postgres.adminPasswordKey" -}}
{{- tpl .Values.auth.secretKeys.adminPasswordKey . }}
{{- end }}

{{- define "contract.cloudpirates.postgres.selector" -}}
app.kubernetes.io/name: {{ include "postgres.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "contract.cloudpirates.postgres.labels" -}}
{{ include "contract.cloudpirates.postgres.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* A Service. Takes (dict "root" $ "name" … "port" … "target" … "headless" … "pod" …). */}}
{{- define "contract.cloudpirates.postgres.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.cloudpirates.postgres.labels" .root | nindent 4 }}
spec:
  type: ClusterIP
  {{- if .headless }}
  clusterIP: None
  {{- end }}
  ports:
    - name: {{ .target }}
      port: {{ .port }}
      targetPort: {{ .target }}
  selector:
    {{- include "contract.cloudpirates.postgres.selector" .root | nindent 4 }}
    {{- with .pod }}
    statefulset.kubernetes.io/pod-name: {{ . }}
    {{- end }}
{{- end }}
