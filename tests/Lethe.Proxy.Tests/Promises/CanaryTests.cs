using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Tests.Promises;

/// <summary>Secrets go through the whole product in every way they can come; then every byte it left behind is searched for them.</summary>
public sealed class CanaryTests
{
    private const string Canary = "Ca9aRy";
    private const int StreamedEvents = 60;

    private static readonly string[] CredentialHeaders =
    [
        "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key", "x-litellm-api-key", "x-portkey-api-key", "helicone-auth",
        "cf-aig-authorization", "proxy-authorization", "cookie", "x-amz-security-token", "x-some-company-token", "x-codex-secret", "anthropic-api-key",
        "x-lethe-token", "chatgpt-auth",
    ];

    private static readonly string[] CredentialParameters =
        ["key", "api_key", "api-key", "access_token", "token", "sig", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "client_secret", "%6bey"];

    // Each of a known shape, each with the canary in the part that is secret.
    private static readonly string[] BodySecrets =
    [
        "sk-ant-api03-" + Secret(40), "sk-proj-" + Secret(40), "sk-svcacct-" + Secret(40), "ghp_" + Secret(36), "github_pat_" + Secret(40), "glpat-" + Secret(20),
        "AIza" + Secret(35), "gsk_" + Secret(40), "hf_" + Secret(34), "xoxb-" + Secret(30), "sk_live_" + Secret(24), "Bearer " + Secret(40),
        "-----BEGIN PRIVATE KEY-----\\n" + Secret(64) + "\\n-----END PRIVATE KEY-----",
    ];

    [Theory]
    [InlineData("relaxed")]
    [InlineData("strict")]
    public async Task No_byte_that_lethe_leaves_behind_holds_a_secret(string durability)
    {
        await using var api = await FakeModelApi.StartAsync(AnswerWithSecrets);
        await using var lethe = await LetheProcess.StartAsync(
            null,
            [
                .. LetheProcess.Upstream(api.Address), ("Lethe:Redaction:Bodies", "true"), ("Lethe:Journal:Durability", durability),
                ("Lethe:Journal:SegmentBytesMax", "16384"), ("Lethe:Journal:PartIntervalMilliseconds", "20"), ("Lethe:Journal:PartBytes", "4096"),
            ]);
        await SendEverywhere(lethe.Listen);
        await lethe.StopAsync();

        var received = string.Join('\n', api.Requests.Select(request => request.Target + string.Join('\n', request.Headers) + Encoding.UTF8.GetString(request.Body)));
        // A proxy's own credential and lethe's own headers end at the proxy; everything else goes on.
        Assert.Equal(CredentialHeaders.Length - 2 + CredentialParameters.Length + (BodySecrets.Length * 2) + 2, received.Split(Canary).Length - 1);
        Assert.Contains(Directory.EnumerateFiles(lethe.DataDirectory, "*.zst", SearchOption.AllDirectories), _ => true);
        foreach (var (place, text) in LeftBehind(lethe.DataDirectory))
        {
            Assert.False(text.Contains(Canary, StringComparison.Ordinal), place + ": " + Around(text));
        }

        Assert.DoesNotContain(Canary, await lethe.SaidAsync(), StringComparison.Ordinal);
        var records = await lethe.ExportAsync("--bodies");
        var bodies = string.Join('\n', records.SelectMany(record => new[] { record.Text("request", "body_base64"), record.Text("response", "body_base64") })
            .Select(body => Encoding.UTF8.GetString(Convert.FromBase64String(body ?? ""))));
        Assert.DoesNotContain(Canary, bodies, StringComparison.Ordinal);
        Assert.Contains("[redacted:anthropic_key]", bodies, StringComparison.Ordinal);
        Assert.Contains("word 59", bodies, StringComparison.Ordinal);
        Assert.All(records, record => Assert.Equal("completed", record.Text("outcome")));
        Assert.Equal(0, (await LetheProgram.RunAsync("verify", "--parity", "--data", lethe.DataDirectory)).ExitCode);
    }

    private static string Secret(int length) => Canary + string.Concat(Enumerable.Range(0, length - Canary.Length).Select(at => "aB3dE5gH7j"[at % 10]));

    private static async Task SendEverywhere(string door)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        var query = string.Join('&', CredentialParameters.Select(name => name + "=" + Secret(24)));
        var said = JsonSerializer.Serialize(string.Join(' ', BodySecrets)).Replace("\\\\n", "\\n", StringComparison.Ordinal);
        foreach (var stream in (bool[])[false, true])
        {
            var body = $$"""{"model":"claude-sonnet-4-5","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":{{said}}}]}""";
            using var request = new HttpRequestMessage(HttpMethod.Post, door + "/anthropic/v1/messages" + (stream ? "" : "?beta=true&" + query))
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            request.Headers.TryAddWithoutValidation("authorization", "Bearer " + Secret(40));
            foreach (var name in stream ? [] : CredentialHeaders)
            {
                request.Headers.TryAddWithoutValidation(name, Secret(32));
            }

            using var response = await client.SendAsync(request);
            Assert.Contains(Canary, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task AnswerWithSecrets(HttpContext context)
    {
        context.Response.Headers.SetCookie = "session=" + Secret(30);
        context.Response.Headers["x-new-token"] = Secret(30);
        context.Response.Headers["x-codex-key"] = Secret(30);
        if (context.Request.QueryString.HasValue)
        {
            var text = string.Join(' ', BodySecrets);
            await FakeModelApi.Json($$$"""{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"{{{text}}}"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}""")(context);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        await Say(context, """{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}""");
        await Say(context, """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        for (var i = 0; i < StreamedEvents; i++)
        {
            var secret = BodySecrets[i % BodySecrets.Length];
            await Say(context, $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word {{{i.ToString(CultureInfo.InvariantCulture)}}} {{{secret}}} {{{new string('.', 200)}}}"}}""");
        }

        await Say(context, """{"type":"content_block_stop","index":0}""");
        await Say(context, """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}""");
        await Say(context, """{"type":"message_stop"}""");
    }

    // In two writes, so that a secret lies across them, and slowly, so that the journal takes the answer in parts.
    private static async Task Say(HttpContext context, string data)
    {
        var bytes = Encoding.UTF8.GetBytes($"event: x\ndata: {data}\n\n");
        foreach (var half in (byte[][])[bytes[..(bytes.Length / 4)], bytes[(bytes.Length / 4)..]])
        {
            await context.Response.Body.WriteAsync(half);
            await context.Response.Body.FlushAsync();
            await Task.Delay(5);
        }
    }

    private static IEnumerable<(string Place, string Text)> LeftBehind(string dataDirectory)
    {
        foreach (var file in Directory.EnumerateFiles(dataDirectory, "*", SearchOption.AllDirectories))
        {
            yield return (file, Encoding.Latin1.GetString(File.ReadAllBytes(file)));
            if (file.EndsWith(".zst", StringComparison.Ordinal))
            {
                using var plain = new MemoryStream();
                using var unfolded = new ZstdSharp.DecompressionStream(File.OpenRead(file), leaveOpen: false);
                unfolded.CopyTo(plain);
                yield return (file, Encoding.Latin1.GetString(plain.ToArray()));
            }
        }

        using var store = new SqliteConnection($"Data Source={Path.Combine(dataDirectory, "lethe.db")};Mode=ReadOnly;Pooling=False");
        store.Open();
        foreach (var table in Rows(store, "SELECT name FROM sqlite_master WHERE type = 'table'").ToArray())
        {
            foreach (var row in Rows(store, $"SELECT * FROM \"{table}\""))
            {
                yield return ("table " + table, row);
            }
        }
    }

    private static IEnumerable<string> Rows(SqliteConnection store, string sql)
    {
        using var command = store.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var values = Enumerable.Range(0, reader.FieldCount).Select(at => reader.GetValue(at) is byte[] blob ? Encoding.Latin1.GetString(blob) : Convert.ToString(reader.GetValue(at), CultureInfo.InvariantCulture));
            yield return string.Join('\n', values);
        }
    }

    private static string Around(string text)
    {
        var at = text.IndexOf(Canary, StringComparison.Ordinal);
        return at < 0 ? "" : text[Math.Max(0, at - 100)..Math.Min(text.Length, at + 40)];
    }
}
