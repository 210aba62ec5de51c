# Outputs of every type a module can have.
output "text" { value = "a" }
output "number" { value = 0.1 }
output "big" { value = 12345678901234567890 }
output "bool" { value = true }
output "nothing" { value = null }
output "typed_nothing" { value = tostring(null) }
output "list" { value = tolist(["a", "b"]) }
output "set" { value = toset(["b", "a"]) }
output "map" { value = tomap({ a = "1" }) }
output "tuple" { value = ["a", 1, true, null] }
output "object" { value = { "for" = 1, "a b" = { c = [null] } } }
output "empty" { value = { l = [], o = {}, s = "" } }

# Node fields by name.
output "public_ipv4" { value = "203.0.113.17" }
output "external_id" { value = 4711 }
output "connection_port" { value = "2222" }
