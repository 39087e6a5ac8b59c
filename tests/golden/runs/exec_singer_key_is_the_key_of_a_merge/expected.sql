SELECT id, v FROM users ORDER BY id
