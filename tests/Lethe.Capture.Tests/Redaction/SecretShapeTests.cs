using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Redaction;

namespace Lethe.Capture.Tests.Redaction;

public sealed class SecretShapeTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWJ5dGVz";

    public static TheoryData<string, string, string> Secrets => new()
    {
        { "aws_access_key", "AKIAIOSFODNN7EXAMPLE", "" },
        { "aws_access_key", "ASIAIOSFODNN7EXAMPLE", "" },
        { "github_token", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "" },
        { "github_token", "gho_0123456789abcdefghijABCDEFGHIJ012345", "" },
        { "github_token", "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "" },
        { "bearer_token", "abc.def-123_456", "Bearer " },
        { "jwt", Jwt, "" },
        { "anthropic_key", "sk-ant-api03-AbCdEf_123-456", "" },
        { "openai_key", "sk-proj-AbCdEf_123-456abc", "" },
        { "api_key", "sk-0123456789abcdef0123456789abcdef", "" },
        { "openai_key", "sk-admin-AbCdEf_123-456abc", "" },
        { "google_api_key", "AIzaSyA-1234567890abcdefghijklmnopqrstu", "" },
        { "google_api_key", "AQ.Ab8RN6J0123456789_abcdefghij-ABCDEFGHIJ", "" },
        { "google_oauth_token", "ya29.a0AfH6SMB_0123456789-abcdef", "" },
        { "google_oauth_secret", "GOCSPX-0123456789_abcdefghij-ABCDEF", "" },
        { "slack_token", "xoxb-123456789012-abcdefghijkl", "" },
        { "slack_token", "xoxp-123456789012-abcdefghijkl", "xoxe." },
        { "slack_token", "xoxc-123456789012-abcdefghijkl", "" },
        { "slack_token", "xoxd-Ab%2Fcdefghij%3D%3D", "" },
        { "slack_token", "xapp-1-A0123456789-1234567890123-0123456789abcdef", "" },
        { "slack_webhook", "T01234567/B0123456789/0123456789abcdefghijklmn", "https://hooks.slack.com/services/" },
        { "stripe_key", "sk_live_0123456789abcdefghijklmn", "" },
        { "stripe_key", "rk_live_0123456789abcdefghijklmn", "" },
        { "stripe_key", "sk_test_0123456789abcdefghijklmn", "" },
        { "stripe_key", "rk_test_0123456789abcdefghijklmn", "" },
        { "stripe_webhook_secret", "whsec_0123456789abcdefghijklmn", "" },
        { "env_secret", "hunter2", "DB_PASSWORD=" },
        { "env_secret", "abc%$123", "ANTHROPIC_API_KEY=" },
        { "env_secret", "s3cr3t", "export CLIENT_SECRET=" },
        { "env_secret", "tok_en9", "GH_TOKEN=" },
        { "env_secret", "wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=" },
        { "perplexity_key", "pplx-0123456789abcdefABCDEF0123456789abcdefABCDEF0123", "" },
        { "nvidia_key", "nvapi-0123456789_abcdefABCDEF-0123456789abcdefABCDEF0123456789", "" },
        { "cerebras_key", "csk-0123456789abcdefghijklmnopqrstuvwxyz0123456789ab", "" },
        { "replicate_token", "r8_0123456789abcdefghijABCDEFGHIJ0123456", "" },
        { "fireworks_key", "fw_0123456789abcdefghijAB", "" },
        { "sendgrid_key", "SG.0123456789abcdefghijkl.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "" },
        { "pypi_token", "pypi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3LTg5YWItY2RlZi0wMTIzLTQ1Njc4OWFiY2RlZgACKlsz", "" },
        { "docker_token", "dckr_pat_0123456789_abcdefghij-ABCDE", "" },
        { "databricks_token", "dapi0123456789abcdef0123456789abcdef", "" },
        { "groq_key", "gsk_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghijAB", "" },
        { "huggingface_token", "hf_abcdefghijABCDEFGHIJabcdefghijABCD", "" },
        { "basic_credentials", "dXNlcjpodW50ZXIyaHVudGVyMg==", "Authorization: Basic " },
        { "url_password", "hunter2", "postgres://app:" },
        { "assigned_secret", "wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = " },
        { "assigned_secret", "hunter2", "password=" },
        { "assigned_secret", "hunter2", "password: " },
        { "assigned_secret", "hunter2", "Pwd=" },
        { "env_secret", "s3cr3t", "DB_PASS=" },
        { "assigned_secret", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEg==", "AccountName=a;AccountKey=" },
        { "assigned_secret", "0123456789abcdef", "x-api-key: " },
        { "private_key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nabc+/=\n-----END RSA PRIVATE KEY-----", "" },
        { "private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA", "" },
    };

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_secret_becomes_a_mark_that_tells_its_kind(string kind, string secret, string before)
    {
        var after = kind == "url_password" ? "@db.internal/app" : "";
        Assert.Equal($"see {before}[redacted:{kind}]{after} here", Redact($"see {before}{secret}{after} here"));
        Assert.Equal($"\n{before}[redacted:{kind}]{after}", Redact($"\n{before}{secret}{after}"));
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void Inside_a_JSON_string_only_the_secret_goes(string kind, string secret, string before)
    {
        var after = kind == "url_password" ? "@db.internal/app" : "";
        var nested = JsonSerializer.Serialize(new { env = $"one\n{before}{secret}{after}\n(two)", key = $"\t{before}{secret}{after}" });
        foreach (var json in new[] { nested, JsonSerializer.Serialize(new { arguments = nested }) })
        {
            var redacted = Redact(json);

            Assert.DoesNotContain(secret[^6..], redacted, StringComparison.Ordinal);
            var text = JsonDocument.Parse(redacted).RootElement.EnumerateObject().First().Value.GetString()!;
            Assert.Contains($"{before}[redacted:{kind}]", text, StringComparison.Ordinal);
            Assert.Contains("two", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("PATH=/usr/bin:/bin HOME=/root MAX_TOKENS=4096")]
    [InlineData("the task-based-scheduler-of-disk-2024-and-risk-assessments-for-99")]
    [InlineData("Bearer authentication is described in RFC 6750, bearer tokens too")]
    [InlineData("{\"a\":\"GH_TOKEN=\",\"b\":\"kept\"}")]
    [InlineData("GH_TOKEN=$GH_TOKEN TOKEN=${TOKEN} TOKEN=$(pass show x) TOKEN=<your token> PAD_TOKEN=<pad> PASSWORD={{ password }}")]
    [InlineData("MAX_TOKEN=4096 TOKEN=None token=null EOS_TOKEN=[SEP] API_KEY=process.env.API_KEY TOKEN=getToken(1) SECRET=%s")]
    [InlineData("e.token=t.token,n.password=r.password;a.secret=b(c),this.TOKEN=e.TOKEN.value}")]
    [InlineData("login(user, password=password) token: 17, tokens: 4096, the password: must be at least 8 characters, pass: 12 of 12, bypass=abc123x")]
    [InlineData("{\"token\":\"Hello\",\"logprob\":-0.5,\"max_tokens\":4096,\"password\":{\"type\":\"string\"},\"type\":\"password\",\"secret\":\"string\"}")]
    [InlineData("https://example.com/a@b https://example.com:8080/x http://[::1]:80 postgres://app:$PASSWORD@h postgres://app:<password>@h git+ssh://git@github.com/x")]
    [InlineData("Basic authentication, Basic understanding of something, basic c29tZSB0ZXh0IHdpdGhvdXQgb25l")]
    [InlineData("xhf_abcdefghijABCDEFGHIJabcdefghijABCD/9ghp_0123456789abcdefghijABCDEFGHIJ012345 hf_abcdefghijABCDEFGHIJabcdefghijABCDabcdefghijk")]
    [InlineData("GH_TOKEN= kept")]
    [InlineData("GH_TOKEN=\"\" kept")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA7\n-----END CERTIFICATE-----")]
    [InlineData("a line \"-----BEGIN PRIVATE KEY-----\" begins a key")]
    [InlineData("eyJ is how eyJhbGciOiJIUzI1NiJ9 begins")]
    [InlineData("AQ.Ab is short, the FAQ.Abridged_and_underscored_heading_for_all_of_2024 is prose, hooks.slack.com/services/ has docs, sk_test_mode too")]
    [InlineData("AKIA and AKIAIOSFODNN7EXAMPLEANDMORE and ghp_short and sk-short")]
    public void What_is_no_secret_stays(string text) => Assert.Equal(text, Redact(text));

    [Theory]
    [InlineData("TOKEN=\"two words\" kept", "TOKEN=\"[redacted:env_secret]\" kept")]
    [InlineData("TOKEN='two words' kept", "TOKEN='[redacted:env_secret]' kept")]
    [InlineData("{\"a\":\"TOKEN=\\\"two words\\\" kept\"}", "{\"a\":\"TOKEN=\\\"[redacted:env_secret]\\\" kept\"}")]
    [InlineData("{\"a\":\"TOKEN=ab\\u0026cd\\/ef\\nkept\"}", "{\"a\":\"TOKEN=[redacted:env_secret]\\nkept\"}")]
    [InlineData("PASSWORD=gehäuse kept", "PASSWORD=[redacted:env_secret] kept")]
    public void Quotes_and_escapes_around_a_value_stay(string text, string expected) => Assert.Equal(expected, Redact(text));

    [Fact]
    public void A_token_begins_near_the_beginning_of_its_run_so_that_a_run_of_beginnings_is_measured_once()
    {
        var run = new string('x', SecretShapes.LookBehind - 1);
        Assert.Equal($"{run}[redacted:jwt] here", Redact($"{run}{Jwt} here"));
        Assert.Equal($"x{run}{Jwt} here", Redact($"x{run}{Jwt} here"));
        Assert.Equal("a%20%3D[redacted:jwt]", Redact($"a%20%3D{Jwt}"));
    }

    [Fact]
    public void A_private_key_ends_at_the_next_line_of_dashes()
    {
        const string Cut = "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n";
        Assert.Equal(
            "[redacted:private_key][redacted:private_key] here",
            Redact($"{Cut}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY----- here"));
        Assert.Equal("[redacted:private_key]-----END \"quoted\"-----", Redact($"{Cut}-----END \"quoted\"-----"));
    }

    [Theory]
    [InlineData("{\"password\":\"correct horse\",\"api_key\": \"abcd\"}", "{\"password\":\"correct horse\",\"api_key\": \"[redacted:assigned_secret]\"}")]
    [InlineData("{\"password\":\"hunter\"}", "{\"password\":\"[redacted:assigned_secret]\"}")]
    [InlineData("{\"a\":\"{\\\"password\\\":\\\"hunter\\\"}\"}", "{\"a\":\"{\\\"password\\\":\\\"[redacted:assigned_secret]\\\"}\"}")]
    [InlineData("Server=h;Password=hunter2;Port=1", "Server=h;Password=[redacted:assigned_secret];Port=1")]
    [InlineData("db:\n  password: hunter2\n", "db:\n  password: [redacted:assigned_secret]\n")]
    [InlineData("?a=1&password=hunter2&b=2", "?a=1&password=[redacted:assigned_secret]&b=2")]
    [InlineData("amqp://u:p%2Fw@h/x?a=b@c", "amqp://u:[redacted:url_password]@h/x?a=b@c")]
    [InlineData("mongodb+srv://u:p%40ss@h/x", "mongodb+srv://u:[redacted:url_password]@h/x")]
    public void A_name_that_says_secret_is_believed_where_the_value_looks_like_one(string text, string expected) => Assert.Equal(expected, Redact(text));

    [Theory]
    [MemberData(nameof(Secrets))]
    public void An_escaped_character_is_the_character_at_any_depth(string kind, string secret, string before)
    {
        var after = kind == "url_password" ? "@db.internal/app" : "";
        Func<string, string>[] spellings =
        [
            text => text.Replace("/", "\\/", StringComparison.Ordinal),
            text => text.Replace("/", "\\\\/", StringComparison.Ordinal),
            text => Escaped(text, letter => $"\\u{(int)letter:x4}"),
            text => Escaped(text, letter => $"\\\\u{(int)letter:X4}"),
            text => Escaped(text, letter => $"\\u005cu{(int)letter:x4}"),
            text => Escaped(text, letter => $"\\x{(int)letter:x2}"),
            text => Escaped(text, letter => $"%{(int)letter:X2}"),
            text => Escaped(text, letter => $"%25{(int)letter:X2}"),
            text => Escaped(text, letter => $"%2525{(int)letter:x2}"),
            text => Escaped(text, letter => $"\\u0025{(int)letter:x2}"),
        ];
        foreach (var spelling in spellings)
        {
            Assert.Equal($" {spelling(before)}[redacted:{kind}]{after} here", Redact($" {spelling(before)}{spelling(secret)}{after} here"));
        }
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void In_wide_text_secret_and_mark_are_wide(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        using var redactor = new StreamRedactor();

        byte[] redacted = [.. redactor.Append(encoding.GetBytes("ä key AKIAIOSFODNN7EXAMPLE here")), .. redactor.Complete()];

        Assert.Equal("ä key [redacted:aws_access_key] here", encoding.GetString(redacted));
    }

    [Fact]
    public void Of_ten_megabytes_of_base64_nothing_is_taken_for_a_secret()
    {
        var random = new Random(11);
        var bytes = new byte[7_500_000];
        random.NextBytes(bytes);
        var standard = Convert.ToBase64String(bytes);
        foreach (var text in new[] { standard, standard.Replace('+', '-').Replace('/', '_'), Convert.ToHexStringLower(bytes) })
        {
            using var redactor = new StreamRedactor();
            redactor.Append(Encoding.ASCII.GetBytes(text), new Exchanges.PooledBytes());
            redactor.Complete(new Exchanges.PooledBytes());
            Assert.Equal(0, redactor.Replaced);
        }
    }

    [Fact]
    public void Redacting_twice_changes_nothing_more()
    {
        foreach (var row in Secrets)
        {
            var once = Redact($"see {(string)row[2]}{(string)row[1]} here");
            Assert.Equal(once, Redact(once));
        }
    }

    [Fact]
    public void The_parts_that_a_body_comes_in_make_no_difference()
    {
        var pieces = Gen.Elements([
            .. Secrets.Select(row => (string)row[2] + (string)row[1]), "AKIA", "sk-", "sk-ant-", "TOKEN=", "\\", "\"", "\\n", "\\u0026", "'", " ", "\n", "ä", "eyJ",
            "-----BEGIN ", "PRIVATE KEY-----", "-----END ", "[redacted:", "Bearer ", "0123456789abcdef0123", ".", new string('x', 17_000), "-", ",",
        ]);
        var world = from text in pieces.ListOf().Select(list => string.Concat(list))
                    from cuts in Gen.Choose(1, 40).ListOf()
                    select (text, cuts);

        Prop.ForAll(Arb.From(world), given =>
        {
            var (text, cuts) = given;
            var bytes = Encoding.UTF8.GetBytes(text);
            using var redactor = new StreamRedactor();
            List<byte> parts = [];
            var at = 0;
            foreach (var cut in cuts.Append(bytes.Length))
            {
                var length = Math.Min(cut, bytes.Length - at);
                parts.AddRange(redactor.Append(bytes.AsSpan(at, length)));
                at += length;
            }

            parts.AddRange(redactor.Complete());
            return Encoding.UTF8.GetString([.. parts]) == Redact(text);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Fact]
    public void Any_JSON_stays_JSON()
    {
        var pieces = Gen.Elements([
            .. Secrets.Select(row => (string)row[2] + (string)row[1]), "TOKEN=", "PASSWORD=\"", "'", "\"", "\\", "\n", " ", "é", "<", "&", "/", "x1", "\u0001",
        ]);
        Prop.ForAll(Arb.From(pieces.ListOf().Select(list => string.Concat(list))), text =>
        {
            var once = JsonSerializer.Serialize(new { text, tail = "kept" });
            var twice = JsonSerializer.Serialize(new { text = once, tail = "kept" });
            foreach (var json in new[] { once, twice })
            {
                using var parsed = JsonDocument.Parse(Redact(json));
                Assert.Equal("kept", parsed.RootElement.GetProperty("tail").GetString());
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Fact]
    public void In_binary_framing_a_mark_is_as_long_as_the_secret()
    {
        using var redactor = new StreamRedactor(keepsLength: true);
        var text = "\0\0 sk-ant-api03-AbCdEf_123-456 AKIAIOSFODNN7EXAMPLE TOKEN=x \0"u8;

        byte[] redacted = [.. redactor.Append(text), .. redactor.Complete()];

        Assert.Equal(text.Length, redacted.Length);
        Assert.Equal("\0\0 [redacted:anthropic_key]*** [redacted:aws_access TOKEN=[ \0", Encoding.UTF8.GetString(redacted));
    }

    /// <summary>Every other character that is no letter or digit in that spelling, and the first letter too.</summary>
    private static string Escaped(string text, Func<char, string> spell) =>
        string.Concat(text.Select((letter, at) => letter != ' ' && letter is not ('%' or '"') && (at == 0 || !char.IsAsciiLetterOrDigit(letter)) ? spell(letter) : letter.ToString()));

    private static string Redact(string text)
    {
        using var redactor = new StreamRedactor();
        return Encoding.UTF8.GetString([.. redactor.Append(Encoding.UTF8.GetBytes(text)), .. redactor.Complete()]);
    }
}
