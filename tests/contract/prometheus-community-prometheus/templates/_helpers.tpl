{{- define "prometheus.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "prometheus.fullname" -}}
{{- $own := .Values.nameOverride | default .Chart.Name }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $own) (contains $own .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "prometheus.server.fullname" -}}
{{- printf "%s-%s" (include "prometheus.fullname" . | trunc 56 | trimSuffix "-") .Values.server.name }}
{{- end }}

{{- define "contract.prometheus.community.prometheus.selector" -}}
app.kubernetes.io/name: {{ include "prometheus.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "contract.prometheus.community.prometheus.labels" -}}
{{ include "contract.prometheus.community.prometheus.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* A Service. Takes (dict "root" $ "name" … "port" … "target" … "headless" … "pod" …). */}}
{{- define "contract.prometheus.community.prometheus.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.prometheus.community.prometheus.labels" .root | nindent 4 }}
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
    {{- include "contract.prometheus.community.prometheus.selector" .root | nindent 4 }}
    {{- with .pod }}
    statefulset.kubernetes.io/pod-name: {{ . }}
    {{- end }}
{{- end }}
