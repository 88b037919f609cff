{{/* Name of the chart in labels. */}}
{{- define "task-api.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "task-api.fullname" -}}
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
{{- define "task-api.suffixed" -}}
{{- $name := include "task-api.fullname" .context }}
{{- $room := sub (int (default 63 .limit)) (add1 (len .suffix)) | int }}
{{- if eq $name (printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix) }}
{{- $room = sub $room 2 | int }}
{{- end }}
{{- printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "task-api.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "task-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "task-api.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "task-api.labels" -}}
helm.sh/chart: {{ include "task-api.chart" .context }}
{{ include "task-api.selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "task-api.name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "task-api.podLabels" -}}
{{ include "task-api.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "task-api.name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "task-api.annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "task-api.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "task-api.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "task-api.image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "task-api.imagePullSecrets" -}}
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
{{- define "task-api.podSecurityContext" -}}
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
{{- define "task-api.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "task-api.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Plain variables as a container lists them, each after those that its text names:
     Kubernetes expands only what stands before. Takes maps; the last one wins. */}}
{{- define "task-api.plainVariables" -}}
{{- $left := dict }}
{{- range . }}
{{- range $name, $value := . }}
{{- $_ := set $left $name (include "task-api.text" $value) }}
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

{{/* Name of the objects of agent. */}}
{{- define "task-api.agent.fullname" -}}
{{- include "task-api.fullname" . }}
{{- end }}

{{/* Name of the ConfigMap with the variables of agent. */}}
{{- define "task-api.agent.config" -}}
{{- include "task-api.suffixed" (dict "context" . "suffix" "config") }}
{{- end }}

{{/* Variables of agent that are no secrets. */}}
{{- define "task-api.agent.env" -}}
{{- $env := dict }}
{{- $_ := set $env "ORGANIZATION" (index .Values.commonLabels "team" | default "") }}
{{- $_ := set $env "ENVIRONMENT" (index .Values.commonLabels "environment" | default "") }}
{{- range $name, $value := .Values.agent.env }}
{{- $_ := set $env $name (include "task-api.text" $value) }}
{{- end }}
{{- range $name, $text := $env }}
{{ $name | quote }}: {{ $text | quote }}
{{- end }}
{{- end }}

{{/* What pods of agent read from ConfigMaps: they restart when it changes. */}}
{{- define "task-api.agent.settings" -}}
{{- include "task-api.agent.env" . }}
{{- end }}

{{/* Fewest pods of agent. */}}
{{- define "task-api.agent.least" -}}
{{- int .Values.agent.replicaCount }}
{{- end }}

{{/* Most pods of agent. */}}
{{- define "task-api.agent.most" -}}
{{- int .Values.agent.replicaCount }}
{{- end }}

{{/* How the migrations run; empty if they do not. */}}
{{- define "task-api.migration.strategy" -}}
{{- if .Values.migration.enabled }}job{{ end }}
{{- end }}

{{/* Variables of the migrations that are no secrets. */}}
{{- define "task-api.migration.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.migration.env }}
{{- $_ := set $env $name (include "task-api.text" $value) }}
{{- end }}
{{- include "task-api.plainVariables" (list $env) }}
{{- end }}

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "task-api.secretName" -}}
{{- $given := ((.Values.global).taskApi).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "task-api" $base) }}{{ $base = printf "%s-task-api" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* Egress to the cluster's DNS. */}}
{{- define "task-api.dnsEgress" -}}
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
{{- define "task-api.scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "task-api.clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}

{{/* How a component's pods spread. Takes (dict "context" $ "component" "…" "spread" .Values.….topologySpread),
     perhaps with the label that tells revisions apart as "revision". */}}
{{- define "task-api.spread" -}}
{{- $given := . }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zones "kubernetes.io/hostname" .spread.nodes }}
{{- if ne $when "Off" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "task-api.selectorLabels" $given | nindent 6 }}
  {{- with $given.revision }}
  matchLabelKeys:
    - {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A claim of a volume. Takes .Values.….volumes.… */}}
{{- define "task-api.claim" -}}
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
{{- define "task-api.jobName" -}}
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
