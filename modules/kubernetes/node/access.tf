# The namespace, and Zuul's account in it. Nothing is ever updated: a job may be using it.

locals {
  user  = "zuul-worker"
  own   = var.create_namespace ? 1 : 0
  verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]

  # What an account without a pod of ours may do, and one with.
  broad = [{
    resources = [
      "pods", "pods/exec", "pods/log", "pods/portforward", "services", "endpoints",
      "crontabs", "jobs", "deployments", "replicasets", "configmaps", "secrets",
    ]
    verbs = local.verbs
  }]
  restricted = [
    { resources = ["pods"], verbs = ["get", "list"] },
    { resources = ["pods/exec", "pods/log", "pods/portforward"], verbs = local.verbs },
  ]
}

resource "kubernetes_namespace_v1" "node" {
  count = local.own

  # A pod that comes before the account it runs as is refused ("forbidden").
  wait_for_default_service_account = true

  metadata {
    name        = var.namespace
    labels      = var.labels
    annotations = var.marks
  }

  timeouts {
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "kubernetes_service_account_v1" "zuul" {
  count = local.own

  metadata {
    name      = local.user
    namespace = kubernetes_namespace_v1.node[0].metadata[0].name
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "kubernetes_secret_v1" "zuul" {
  count = local.own

  metadata {
    name        = local.user
    namespace   = kubernetes_namespace_v1.node[0].metadata[0].name
    annotations = { "kubernetes.io/service-account.name" = kubernetes_service_account_v1.zuul[0].metadata[0].name }
  }
  type                           = "kubernetes.io/service-account-token"
  wait_for_service_account_token = true

  timeouts {
    create = "30s"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "kubernetes_role_v1" "zuul" {
  count = var.create_namespace && var.cluster_role == null ? 1 : 0

  metadata {
    name      = var.pod == null ? "zuul" : "zuul-restricted"
    namespace = kubernetes_namespace_v1.node[0].metadata[0].name
  }

  dynamic "rule" {
    for_each = var.pod == null ? local.broad : local.restricted
    content {
      api_groups = [""]
      resources  = rule.value.resources
      verbs      = rule.value.verbs
    }
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "kubernetes_role_binding_v1" "zuul" {
  count = local.own

  metadata {
    name      = "zuul-role"
    namespace = kubernetes_namespace_v1.node[0].metadata[0].name
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = var.cluster_role == null ? "Role" : "ClusterRole"
    name      = var.cluster_role == null ? kubernetes_role_v1.zuul[0].metadata[0].name : var.cluster_role
  }

  subject {
    kind      = "ServiceAccount"
    name      = kubernetes_service_account_v1.zuul[0].metadata[0].name
    namespace = kubernetes_namespace_v1.node[0].metadata[0].name
  }

  lifecycle {
    ignore_changes = all
  }
}
