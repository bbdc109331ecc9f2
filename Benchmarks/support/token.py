"""token.py KEY.pem JWKS.json: writes the key set of an Ed25519 key, prints a token that it signs, good for a day."""
import base64, json, subprocess, sys, time

def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout

key, jwks = sys.argv[1:3]
public = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-32:]
with open(jwks, "w") as file:
    json.dump({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "bench", "x": encode(public)}]}, file)
now = int(time.time())
subject = "01890a5d-ac96-774b-bcce-b302099a8057"
claims = {
    "iss": "mainstay", "aud": "mainstay", "sub": subject, "userId": subject, "role": "USER", "email": "bench@example.com",
    "iat": now, "exp": now + 86_000, "jti": "01890a5d-ac96-774b-bcce-b302099a8058",
}
header = {"alg": "EdDSA", "kid": "bench", "typ": "JWT"}
signed = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
with open(key + ".input", "wb") as file:
    file.write(signed.encode())
signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", key + ".input")
print(signed + "." + encode(signature))
