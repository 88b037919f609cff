{{/* Parts of the pods of api. */}}

{{/* Containers that run before api or beside it. */}}
{{- define "orders.api.initContainers" -}}
- name: proxy
  # Starts before the workload and stops after it (a native sidecar).
  restartPolicy: Always
  image: {{ include "orders.image" (dict "context" . "image" .Values.api.sidecars.proxy.image) }}
  imagePullPolicy: {{ .Values.api.sidecars.proxy.image.pullPolicy }}
  ports:
    - name: tls
      containerPort: {{ int .Values.api.ports.tls.containerPort }}
      protocol: TCP
  {{- with include "orders.api.proxy.env" . | trim }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.api.sidecars.proxy.readinessProbe }}
  readinessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  resources:
    {{- toYaml .Values.api.sidecars.proxy.resources | nindent 4 }}
  securityContext:
    {{- include "orders.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
  volumeMounts:
    - name: proxy-writable-0
      mountPath: /tmp
{{- $servers := list }}
{{- with include "orders.database.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "orders.database.port" $)) }}
{{- end }}
{{- if and .Values.clients.wait $servers }}
- name: wait-for-servers
  image: {{ include "orders.image" (dict "context" . "image" .Values.clients.http.image) }}
  imagePullPolicy: {{ .Values.clients.http.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      for server in $SERVERS; do
        until nc -z -w 3 "${server%:*}" "${server##*:}"; do
          [ "$(date +%s)" -lt "$end" ] || { echo "$server did not answer in time"; exit 1; }
          echo "waiting for $server"
          sleep 3
        done
      done
  env:
    - name: SERVERS
      value: {{ join " " $servers | quote }}
    - name: WAIT_SECONDS
      value: "300"
  resources:
    {{- include "orders.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "orders.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
{{- end }}
- name: warm-up
  image: {{ include "orders.image" (dict "context" . "image" .Values.api.image) }}
  imagePullPolicy: {{ .Values.api.image.pullPolicy }}
  command:
    {{- toYaml .Values.api.initContainers.warmUp.command | nindent 4 }}
  envFrom:
    - configMapRef:
        name: {{ include "orders.api.config" . | quote }}
    {{- range .Values.api.envFromSecrets }}
    - secretRef:
        name: {{ .secretName | quote }}
    {{- end }}
    {{- range .Values.api.envFromConfigMaps }}
    - configMapRef:
        name: {{ .configMapName | quote }}
    {{- end }}
    {{- with .Values.api.extraEnvFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "orders.api.warm-up.env" . | trim }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  resources:
    {{- toYaml .Values.api.initContainers.warmUp.resources | nindent 4 }}
  securityContext:
    {{- include "orders.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
  volumeMounts:
    - name: warm-up-writable-0
      mountPath: /tmp
{{- end }}

{{/* Variables of the container proxy. */}}
{{- define "orders.api.proxy.env" -}}
{{- include "orders.plainVariables" .Values.api.sidecars.proxy.env }}
{{- end }}

{{/* Variables of the container warm-up. */}}
{{- define "orders.api.warm-up.env" -}}
{{- include "orders.database.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 0 }}
- name: SESSION_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "orders.secretName" . | quote }}
      key: session-key
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: LEDGER_URL
  value: {{ printf "http://%s:%d/v1" (include "orders.ledger.fullname" .) (int .Values.ledger.service.port) | quote }}
{{- include "orders.plainVariables" .Values.api.initContainers.warmUp.env }}
{{- end }}

{{/* What api mounts. */}}
{{- define "orders.api.mounts" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- range $path, $text := .Values.api.files }}
- name: files
  mountPath: {{ $path | quote }}
  subPath: {{ $path | trimPrefix "/" | replace "/" "." | quote }}
  readOnly: true
{{- end }}
{{- with .Values.api.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of api. */}}
{{- define "orders.api.volumes" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
- name: proxy-writable-0
  emptyDir: {}
- name: warm-up-writable-0
  emptyDir: {}
- name: files
  configMap:
    name: {{ include "orders.api.files" . | quote }}
{{- with .Values.api.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
