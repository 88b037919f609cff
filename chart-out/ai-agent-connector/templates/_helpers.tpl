{{/* Name of the chart in labels. */}}
{{- define "ai-agent-connector.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "ai-agent-connector.fullname" -}}
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

{{/* Full name with a suffix that survives the limit of 63 characters, or a lower one;
     cut more where it would be the full name again.
     Takes (dict "context" $ "suffix" "…"), perhaps with "limit". */}}
{{- define "ai-agent-connector.suffixed" -}}
{{- $name := include "ai-agent-connector.fullname" .context }}
{{- $room := sub (int (default 63 .limit)) (add1 (len .suffix)) | int }}
{{- if eq $name (printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix) }}
{{- $room = sub $room 2 | int }}
{{- end }}
{{- printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "ai-agent-connector.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "ai-agent-connector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ai-agent-connector.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "ai-agent-connector.labels" -}}
helm.sh/chart: {{ include "ai-agent-connector.chart" .context }}
{{ include "ai-agent-connector.selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "ai-agent-connector.name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "ai-agent-connector.podLabels" -}}
{{ include "ai-agent-connector.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "ai-agent-connector.name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "ai-agent-connector.annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "ai-agent-connector.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "ai-agent-connector.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "ai-agent-connector.image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "ai-agent-connector.imagePullSecrets" -}}
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
{{- define "ai-agent-connector.podSecurityContext" -}}
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
{{- define "ai-agent-connector.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "ai-agent-connector.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Plain variables as a container lists them, each after those that its text names:
     Kubernetes expands only what stands before. Takes maps; the last one wins. */}}
{{- define "ai-agent-connector.plainVariables" -}}
{{- $left := dict }}
{{- range . }}
{{- range $name, $value := . }}
{{- $_ := set $left $name (include "ai-agent-connector.text" $value) }}
{{- end }}
{{- end }}
{{- range until (len $left) }}
{{- range $name, $text := $left }}
{{- $waits := false }}
{{- range $other := keys $left }}
{{- if and (ne $other $name) (contains (printf "$(%s)" $other) $text) }}
{{- $waits = true }}
{{- end }}
{{- end }}
{{- if not $waits }}
- name: {{ $name | quote }}
  value: {{ $text | quote }}
{{- $_ := unset $left $name }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $text := $left }}
- name: {{ $name | quote }}
  value: {{ $text | quote }}
{{- end }}
{{- end }}

{{/* Name of the objects of connector. */}}
{{- define "ai-agent-connector.connector.fullname" -}}
{{- include "ai-agent-connector.fullname" . }}
{{- end }}

{{/* Name of the ConfigMap with the variables of connector. */}}
{{- define "ai-agent-connector.connector.config" -}}
{{- include "ai-agent-connector.suffixed" (dict "context" . "suffix" "config") }}
{{- end }}

{{/* Variables of connector that are no secrets. */}}
{{- define "ai-agent-connector.connector.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.env }}
{{- $_ := set $env $name (include "ai-agent-connector.text" $value) }}
{{- end }}
{{- range $name, $text := $env }}
{{ $name | quote }}: {{ $text | quote }}
{{- end }}
{{- end }}

{{/* Name of the ConfigMap with the files of connector. */}}
{{- define "ai-agent-connector.connector.files" -}}
{{- include "ai-agent-connector.suffixed" (dict "context" . "suffix" "files") }}
{{- end }}

{{/* What pods of connector read from ConfigMaps: they restart when it changes. */}}
{{- define "ai-agent-connector.connector.settings" -}}
{{- include "ai-agent-connector.connector.env" . }}
{{- toYaml .Values.files }}
{{- end }}

{{/* Fewest pods of connector. */}}
{{- define "ai-agent-connector.connector.least" -}}
{{- if .Values.autoscaling.enabled }}{{ int .Values.autoscaling.minReplicas }}{{ else }}{{ int .Values.replicaCount }}{{ end }}
{{- end }}

{{/* Most pods of connector. */}}
{{- define "ai-agent-connector.connector.most" -}}
{{- if .Values.autoscaling.enabled }}{{ int .Values.autoscaling.maxReplicas }}{{ else }}{{ int .Values.replicaCount }}{{ end }}
{{- end }}

{{/* Secret that holds openai-api-key, and its key there. */}}
{{- define "ai-agent-connector.secret.openai-api-key.name" -}}
{{- if .Values.secrets.openaiApiKey.existingSecret }}{{ .Values.secrets.openaiApiKey.existingSecret }}
{{- else if .Values.secrets.openaiApiKey.remoteKey }}{{ include "ai-agent-connector.suffixed" (dict "context" . "suffix" "external") }}
{{- else }}{{ include "ai-agent-connector.secretName" . }}
{{- end }}
{{- end }}
{{- define "ai-agent-connector.secret.openai-api-key.key" -}}
{{- default "openai-api-key" .Values.secrets.openaiApiKey.key }}
{{- end }}

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "ai-agent-connector.secretName" -}}
{{- $given := ((.Values.global).aiAgentConnector).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "ai-agent-connector" $base) }}{{ $base = printf "%s-ai-agent-connector" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* Egress to the cluster's DNS. */}}
{{- define "ai-agent-connector.dnsEgress" -}}
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
{{- define "ai-agent-connector.scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "ai-agent-connector.clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}

{{/* How a component's pods spread. Takes (dict "context" $ "component" "…" "spread" .Values.….topologySpread),
     perhaps with the label that tells revisions apart as "revision". */}}
{{- define "ai-agent-connector.spread" -}}
{{- $given := . }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zones "kubernetes.io/hostname" .spread.nodes }}
{{- if ne $when "Off" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "ai-agent-connector.selectorLabels" $given | nindent 6 }}
  {{- with $given.revision }}
  matchLabelKeys:
    - {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A claim of a volume. Takes .Values.….volumes.… */}}
{{- define "ai-agent-connector.claim" -}}
accessModes:
  - {{ .accessMode }}
{{- if eq .storageClass "-" }}
storageClassName: ""
{{- else if .storageClass }}
storageClassName: {{ .storageClass | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}

{{/* Name of a Job that is named after what it runs; one that has failed is followed
     by another with the next upgrade. Takes (dict "context" $ "name" "…"). */}}
{{- define "ai-agent-connector.jobName" -}}
{{- $name := .name }}
{{- $revision := .context.Release.Revision }}
{{- $job := lookup "batch/v1" "Job" .context.Release.Namespace $name }}
{{- range ($job.status).conditions }}
{{- if and (eq .type "Failed") (eq .status "True") }}
{{- $name = printf "%s-r%d" (trunc 57 $name) (int $revision) }}
{{- end }}
{{- end }}
{{- $name }}
{{- end }}

{{/* Services that a host can lead to: their names, main ports and port numbers. */}}
{{- define "ai-agent-connector.services" -}}
connector:
  name: {{ include "ai-agent-connector.connector.fullname" . | quote }}
  ports:
    http: {{ int .Values.service.port }}
  main: http
{{- end }}

{{/* The Service and port of a path. Takes (dict "context" $ "path" …). */}}
{{- define "ai-agent-connector.backend" -}}
{{- $workload := default "connector" .path.workload }}
{{- $service := index (include "ai-agent-connector.services" .context | fromYaml) $workload }}
{{- if not $service }}
{{- fail (printf "the path %s leads to %s, which has no Service here" .path.path $workload) }}
{{- end }}
{{- $port := default $service.main .path.port }}
{{- if not (hasKey $service.ports $port) }}
{{- fail (printf "the path %s leads to the port %s, which %s does not have" .path.path $port $workload) }}
{{- end }}
{{- dict "name" $service.name "port" $port "number" (index $service.ports $port) | toYaml }}
{{- end }}
