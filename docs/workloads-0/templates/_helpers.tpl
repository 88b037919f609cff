{{/* Name of the chart in labels. */}}
{{- define "orders.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "orders.fullname" -}}
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

{{/* Full name with a suffix that survives the limit of 63 characters, or a lower one.
     Takes (dict "context" $ "suffix" "…"), perhaps with "limit". */}}
{{- define "orders.suffixed" -}}
{{- $room := sub (int (default 63 .limit)) (add1 (len .suffix)) | int }}
{{- printf "%s-%s" (include "orders.fullname" .context | trunc $room | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "orders.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "orders.selectorLabels" -}}
app.kubernetes.io/name: {{ include "orders.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "orders.labels" -}}
helm.sh/chart: {{ include "orders.chart" .context }}
{{ include "orders.selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "orders.name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "orders.podLabels" -}}
{{ include "orders.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "orders.name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "orders.annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "orders.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "orders.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "orders.image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "orders.imagePullSecrets" -}}
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
{{- define "orders.podSecurityContext" -}}
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
{{- define "orders.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "orders.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Plain variables as a container lists them. Takes a map. */}}
{{- define "orders.plainVariables" -}}
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  value: {{ include "orders.text" $value | quote }}
{{- end }}
{{- end }}

{{/* Name of the objects of api. */}}
{{- define "orders.api.fullname" -}}
{{- include "orders.fullname" . }}
{{- end }}

{{/* Name of the ConfigMap with the variables of api. */}}
{{- define "orders.api.config" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "config") }}
{{- end }}

{{/* Variables of api that are no secrets. */}}
{{- define "orders.api.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.api.env }}
{{- $_ := set $env $name (include "orders.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* Name of the ConfigMap with the files of api. */}}
{{- define "orders.api.files" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "files") }}
{{- end }}

{{/* What pods of api read from ConfigMaps: they restart when it changes. */}}
{{- define "orders.api.settings" -}}
{{- include "orders.api.env" . }}
{{- toYaml .Values.api.files }}
{{- end }}

{{/* Fewest pods of api. */}}
{{- define "orders.api.least" -}}
{{- int .Values.api.replicaCount }}
{{- end }}

{{/* Name of the objects of mailer. */}}
{{- define "orders.mailer.fullname" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "mailer") }}
{{- end }}

{{/* Name of the ConfigMap with the variables of mailer. */}}
{{- define "orders.mailer.config" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "mailer-config") }}
{{- end }}

{{/* Variables of mailer that are no secrets. */}}
{{- define "orders.mailer.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.mailer.env }}
{{- $_ := set $env $name (include "orders.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* What pods of mailer read from ConfigMaps: they restart when it changes. */}}
{{- define "orders.mailer.settings" -}}
{{- include "orders.mailer.env" . }}
{{- include "orders.api.env" . }}
{{- end }}

{{/* Fewest pods of mailer. */}}
{{- define "orders.mailer.least" -}}
{{- int .Values.mailer.replicaCount }}
{{- end }}

{{/* Name of the objects of ledger. */}}
{{- define "orders.ledger.fullname" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "ledger" "limit" 52) }}
{{- end }}

{{/* Name of the ConfigMap with the variables of ledger. */}}
{{- define "orders.ledger.config" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "ledger-config") }}
{{- end }}

{{/* Variables of ledger that are no secrets. */}}
{{- define "orders.ledger.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.ledger.env }}
{{- $_ := set $env $name (include "orders.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* What pods of ledger read from ConfigMaps: they restart when it changes. */}}
{{- define "orders.ledger.settings" -}}
{{- include "orders.ledger.env" . }}
{{- end }}

{{/* Name of the Service that names each pod of ledger. */}}
{{- define "orders.ledger.headless" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "ledger-headless") }}
{{- end }}

{{/* Fewest pods of ledger. */}}
{{- define "orders.ledger.least" -}}
{{- int .Values.ledger.replicaCount }}
{{- end }}

{{/* Name of the objects of invoices. */}}
{{- define "orders.invoices.fullname" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "invoices" "limit" 52) }}
{{- end }}

{{/* Name of the ConfigMap with the variables of invoices. */}}
{{- define "orders.invoices.config" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "invoices-config") }}
{{- end }}

{{/* Variables of invoices that are no secrets. */}}
{{- define "orders.invoices.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.invoices.env }}
{{- $_ := set $env $name (include "orders.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* What pods of invoices read from ConfigMaps: they restart when it changes. */}}
{{- define "orders.invoices.settings" -}}
{{- include "orders.invoices.env" . }}
{{- include "orders.api.env" . }}
{{- end }}

{{/* Seconds that pods of invoices may wait before they work. */}}
{{- define "orders.invoices.waiting" -}}
{{- 300 }}
{{- end }}

{{/* Name of the objects of janitor. */}}
{{- define "orders.janitor.fullname" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "janitor" "limit" 52) }}
{{- end }}

{{/* Name of the ConfigMap with the variables of janitor. */}}
{{- define "orders.janitor.config" -}}
{{- include "orders.suffixed" (dict "context" . "suffix" "janitor-config") }}
{{- end }}

{{/* Variables of janitor that are no secrets. */}}
{{- define "orders.janitor.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.janitor.env }}
{{- $_ := set $env $name (include "orders.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* What pods of janitor read from ConfigMaps: they restart when it changes. */}}
{{- define "orders.janitor.settings" -}}
{{- include "orders.janitor.env" . }}
{{- end }}

{{/* Name of the service account of janitor. */}}
{{- define "orders.janitor.serviceAccountName" -}}
{{- if .Values.janitor.serviceAccount.create }}
{{- default (include "orders.suffixed" (dict "context" . "suffix" "janitor-account")) .Values.janitor.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.janitor.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Seconds that pods of janitor may wait before they work. */}}
{{- define "orders.janitor.waiting" -}}
{{- 0 }}
{{- end }}

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "orders.secretName" -}}
{{- $given := ((.Values.global).orders).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "orders" $base) }}{{ $base = printf "%s-orders" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* Egress to the cluster's DNS. */}}
{{- define "orders.dnsEgress" -}}
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
{{- define "orders.scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "orders.clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}

{{/* How a component's pods spread. Takes (dict "context" $ "component" "…" "spread" .Values.….topologySpread). */}}
{{- define "orders.spread" -}}
{{- $given := . }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zones "kubernetes.io/hostname" .spread.nodes }}
{{- if ne $when "Off" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "orders.selectorLabels" $given | nindent 6 }}
  matchLabelKeys:
    - pod-template-hash
{{- end }}
{{- end }}
{{- end }}

{{/* A claim of a volume. Takes .Values.….volumes.… */}}
{{- define "orders.claim" -}}
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
{{- define "orders.jobName" -}}
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
