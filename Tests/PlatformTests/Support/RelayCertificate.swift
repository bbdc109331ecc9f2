/// Certificates that sign themselves, and their key: made with `openssl ca -selfsign` for these tests, trusted by nobody
/// else. Good from 2024 until 2124.
enum RelayCertificate {
    /// For 127.0.0.1 and `relay.test`.
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBfjCCASOgAwIBAgIUHzVKxl44qmmLtmITrZpkLh6evzUwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKcmVsYXkudGVzdDAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEw
        MTAwMDAwMFowFTETMBEGA1UEAwwKcmVsYXkudGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABOHb2y37vQdhVPiB9g5ZfJodDwONoPZNoM5d3ZRqHDw6QSqI4asq
        sFOPBifBCeflvUrkkM/b0RmI/R6SizJ3c12jTzBNMBsGA1UdEQQUMBKCCnJlbGF5
        LnRlc3SHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUxzjP6+7cY+NZ
        964x0PO7DgEebOkwCgYIKoZIzj0EAwIDSQAwRgIhAMdxyrQqe3+wKZydHPtopMtX
        qTgcitzQ0PxtcYkZHGWbAiEAjcqLW+y1vfVuRTiBYvGBkO4NNbsS6Gh/SUr2lxpk
        zlo=
        -----END CERTIFICATE-----

        """

    /// For `relay.test` only.
    static let elsewhere = """
        -----BEGIN CERTIFICATE-----
        MIIBdzCCAR2gAwIBAgIUIa5b1VHJkStge+ydnrO5G417RyMwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKcmVsYXkudGVzdDAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEw
        MTAwMDAwMFowFTETMBEGA1UEAwwKcmVsYXkudGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABOHb2y37vQdhVPiB9g5ZfJodDwONoPZNoM5d3ZRqHDw6QSqI4asq
        sFOPBifBCeflvUrkkM/b0RmI/R6SizJ3c12jSTBHMBUGA1UdEQQOMAyCCnJlbGF5
        LnRlc3QwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUxzjP6+7cY+NZ964x0PO7
        DgEebOkwCgYIKoZIzj0EAwIDSAAwRQIhALxShshBYbswJZcHx5RFvKrhZ0SjyaGc
        aAH+2cQaSGdOAiBt6KwER2XMbI1XGCPfMnKwpDxKMqSPA4XHJh7fEr8Pjw==
        -----END CERTIFICATE-----

        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo9BzQN7LGnTYuAbI
        AZyeKBnuaUFYiYBTRmM71h7CJMuhRANCAATh29st+70HYVT4gfYOWXyaHQ8DjaD2
        TaDOXd2Uahw8OkEqiOGrKrBTjwYnwQnn5b1K5JDP29EZiP0ekosyd3Nd
        -----END PRIVATE KEY-----

        """
}
