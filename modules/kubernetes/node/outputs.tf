locals {
  data  = one(kubernetes_secret_v1.zuul[*].data)
  token = var.create_namespace ? local.data["token"] : var.token
  ca    = var.ca_crt != null || !var.create_namespace ? var.ca_crt : base64encode(local.data["ca.crt"])
}

output "external_id" {
  description = "The namespace; of a pod in a namespace that is not its own, both names."
  value       = var.create_namespace ? local.namespace : "${local.namespace}-${var.pod}"
  depends_on  = [kubernetes_pod_v1.node, kubernetes_manifest.node]
}

output "interface_ip" {
  description = "Name of the pod, by which Zuul reaches it; empty for an empty namespace."
  value       = var.pod == null ? "" : var.pod
}

output "connection_port" {
  description = "What Zuul needs to use the namespace or the pod (the form that its executors read)."
  sensitive   = true
  value = merge(
    {
      namespace = local.namespace
      host      = var.host
      user      = local.user
      token     = local.token
      skiptls   = var.skip_tls
    },
    var.create_namespace ? { name = local.namespace } : {},
    var.pod == null ? {} : { pod = var.pod },
    var.skip_tls ? {} : { ca_crt = local.ca },
  )
  depends_on = [kubernetes_role_binding_v1.zuul]
}

output "host_id" {
  description = "The cluster's node that the pod runs on."
  value = try(
    kubernetes_pod_v1.node[0].spec[0].node_name,
    kubernetes_manifest.node[0].object.spec.nodeName,
    "",
  )
}

output "cloud" {
  description = "Context of the kubeconfig."
  value       = var.context
}
