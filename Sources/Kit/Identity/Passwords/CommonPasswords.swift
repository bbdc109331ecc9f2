/// Passwords of eight and more characters that head every published list of leaked ones, in lower case.
enum CommonPasswords {
    static let all: Set<String> = Set(
        """
        password password1 password12 password123 password1234 password! password1! passw0rd p@ssw0rd p@ssword p@ssword1
        passwort passwort1 motdepasse contraseña wachtwoord parola123 senha123 12345678 123456789 1234567890 0123456789
        123456789a 12345678910 01234567 012345678 87654321 987654321 9876543210 11223344 12341234 12344321 123123123
        123321123 123654789 147258369 147852369 159357456 741852963 789456123 111222333 112233445566 12121212 123qweasd
        1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 qazwsxedc qwertyui qwertyuiop qwerty12 qwerty123
        qwerty1234 qwerty12345 qwerty123456 q1w2e3r4 q1w2e3r4t5 qwer1234 qweasdzxc qwe123qwe asdfghjk asdfghjkl asdf1234
        asdfasdf zxcvbnm1 zxcvbnm123 zaq12wsx zaq1zaq1 1234qwer 123qwe123 abcd1234 abc12345 abc123456 abcdefgh abcdefg1
        a1b2c3d4 a1234567 a12345678 a123456789 aa123456 aaa111aaa iloveyou iloveyou1 iloveyou2 ilovegod sunshine
        sunshine1 princess princess1 football football1 baseball baseball1 basketball superman superman1 batman123
        spiderman starwars starwars1 pokemon123 trustno1 whatever whatever1 welcome1 welcome123 letmein1 letmein123
        admin123 admin1234 admin12345 administrator rootroot root1234 changeme changeme1 changeme123 default1 default123
        secret123 master123 dragon123 monkey123 shadow123 michael1 jennifer jordan23 michelle charlie1 computer
        computer1 internet internet1 samsung1 mustang1 corvette chocolate butterfly liverpool liverpool1 chelsea1
        arsenal1 barcelona realmadrid juventus elizabeth alexander alexandra christian nicholas victoria benjamin
        danielle patricia veronica jonathan stephanie midnight november december september password2024 password2025
        password2026 summer2024 summer2025 winter2024 winter2025 spring2025 autumn2025 football123 mynoob123 testtest
        test1234 test12345 testing1 testing123 guest123 user1234 login123 hello123 helloworld lovelove loveyou1
        q1w2e3r4t5y6 00000000 11111111 0987654321 66666666 88888888 1111111111 1357924680 13579246 24681012 31415926
        27182818 1a2b3c4d correcthorsebatterystaple
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
