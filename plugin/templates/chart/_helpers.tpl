{{/* Name of the chart in labels. */}}
{{- define "[[chart.name]].name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "[[chart.name]].fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Full name with a suffix that survives the limit of 63 characters.
     Takes (dict "context" $ "suffix" "…"). */}}
{{- define "[[chart.name]].suffixed" -}}
{{- $room := sub 62 (len .suffix) | int }}
{{- printf "%s-%s" (include "[[chart.name]].fullname" .context | trunc $room | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "[[chart.name]].chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].selectorLabels" -}}
app.kubernetes.io/name: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].labels" -}}
helm.sh/chart: {{ include "[[chart.name]].chart" .context }}
{{ include "[[chart.name]].selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "[[chart.name]].podLabels" -}}
{{ include "[[chart.name]].selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "[[chart.name]].annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "[[chart.name]].serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "[[chart.name]].fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "[[chart.name]].image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "[[chart.name]].imagePullSecrets" -}}
{{- $names := list }}
{{- range concat (default list (.Values.global).imagePullSecrets) .Values.imagePullSecrets }}
{{- $name := . }}
{{- if kindIs "map" . }}{{ $name = .name }}{{ end }}
{{- $names = append $names $name }}
{{- end }}
{{- with uniq $names -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Security of a pod within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "[[chart.name]].podSecurityContext" -}}
runAsNonRoot: true
{{- with .runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- with .fsGroup }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Security of a container within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "[[chart.name]].containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "[[chart.name]].text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}
#% for w in workloads

{{/* Variables of [[w.name]] that are no secrets. */}}
{{- define "[[chart.name]].[[w.name]].env" -}}
{{- $env := dict }}
#% for variable in w.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := [[w.v]].env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}
#% endfor
#% if migration

{{/* Variables of the migrations that are no secrets. */}}
{{- define "[[chart.name]].migration.env" -}}
{{- $env := dict }}
#% for variable in migration.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := .Values.migration.env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- range $name, $value := $env }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
#% endif
#% if secret.any

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "[[chart.name]].secretName" -}}
{{- $given := ((.Values.global).[[chart.key]]).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "[[chart.name]]" $base) }}{{ $base = printf "%s-[[chart.name]]" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}
#% endif

{{/* Egress to the cluster's DNS. */}}
{{- define "[[chart.name]].dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicy.dns.namespace | quote }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.dns.podLabels | nindent 10 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- end }}
  ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - port: {{ int . }}
      protocol: UDP
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* Where pods go. Takes .Values.… with nodeSelector, tolerations and so on. */}}
{{- define "[[chart.name]].scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "[[chart.name]].clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}
