using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>What a lethe has heard, as archives, transcripts and messages that others read, and that lethe itself takes in again.</summary>
public sealed class ExportFormatsTests : IAsyncLifetime
{
    private const string Session = "5f6b1c1e-0000-4000-8000-00000000e001";
    private const string Pasted = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    private const string Credential = "sk-ant-a-credential-that-must-not-be-kept";
    private const int Calls = 3;

    private const string Asks = """
        {"id":"msg_e1","type":"message","role":"assistant","model":"claude-sonnet-4-5",
         "content":[{"type":"thinking","thinking":"Look first.","signature":"c2ln"},{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_e1","name":"Bash","input":{"command":"ls\n-l \u202e"}}],
         "stop_reason":"tool_use","usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":30}}
        """;

    private const string Tells = """
        {"id":"msg_e2","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Two files, ü."}],
         "stop_reason":"end_turn","usage":{"input_tokens":20,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":5}}
        """;

    private const string Chat = """
        {"id":"chatcmpl-e3","object":"chat.completion","created":1767225600,"model":"gpt-4o-2024-08-06",
         "choices":[{"index":0,"message":{"role":"assistant","content":"It rains."},"finish_reason":"stop"}],"usage":{"prompt_tokens":40,"completion_tokens":3,"total_tokens":43}}
        """;

    private const string First = """{"role":"user","content":"What lies here? """ + Pasted + "\"}";
    private const string Second =
        First + """,{"role":"assistant","content":[{"type":"thinking","thinking":"Look first.","signature":"c2ln"},{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_e1","name":"Bash","input":{"command":"ls\n-l \u202e"}}]},"""
        + """{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_e1","content":"a b","is_error":false},{"type":"text","text":"And?"}]}""";

    private const string ChatMessages = """
        {"role":"system","content":"You know the weather."},{"role":"user","content":"And in Graz?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Graz\"}"}},{"id":"call_2","type":"function","function":{"name":"clock","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"rain"},{"role":"tool","tool_call_id":"call_2","content":"noon"}
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("lethe-export-").FullName;
    private FakeModelApi api = null!;
    private LetheUnderTest lethe = null!;

    public async Task InitializeAsync()
    {
        api = await FakeModelApi.StartAsync(AnswerAsync);
        lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = api.Address };
            options.Upstreams["openai"] = new() { Address = api.Address };
            options.Redaction.Bodies = true;
        });
        await SendAsync("/anthropic/v1/messages?beta=true", $$"""{"model":"claude-sonnet-4-5","max_tokens":100,"system":"You are careful.","messages":[{{First}}]}""");
        await SendAsync("/anthropic/v1/messages?beta=true", $$"""{"model":"claude-sonnet-4-5","max_tokens":100,"system":"You are careful.","messages":[{{Second}}]}""");
        await SendAsync("/openai/v1/chat/completions", $$"""{"model":"gpt-4o","messages":[{{ChatMessages}}]}""");
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (JsonDocument.Parse(await lethe.Admin.GetStringAsync("/v1/exchanges?limit=9", bound.Token)).RootElement.GetProperty("items").GetArrayLength() < Calls)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    public async Task DisposeAsync()
    {
        await lethe.DisposeAsync();
        await api.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_format_tells_what_was_said_and_lethe_takes_its_own_in_again()
    {
        await ArchivesAsync();
        await MessagesAsync();
        await TranscriptsAsync();

        var (code, _, error) = await RunAsync("export", "--format", "har", "--bodies", "--data", lethe.DataDirectory);
        Assert.Equal((2, true), (code, error.Contains("it does not go with --bodies", StringComparison.Ordinal)));
        Assert.Equal((2, true), await RefusedAsync("otlp"));
        Assert.Contains("anthropic-messages", (await RunAsync("export", "--help")).Output, StringComparison.Ordinal);

        await ErasedAsync();
    }

    private async Task ArchivesAsync()
    {
        var file = Path.Combine(folder, "calls.har");
        var text = await ExportAsync("har");
        await File.WriteAllTextAsync(file, text);
        Assert.DoesNotContain(Pasted, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Credential, text, StringComparison.Ordinal);
        var log = JsonDocument.Parse(text).RootElement.GetProperty("log");
        var entries = log.GetProperty("entries").EnumerateArray().ToArray();
        Assert.Equal(("1.2", Calls), (log.GetProperty("version").GetString(), entries.Length));
        var request = entries[0].GetProperty("request");
        Assert.Equal(("redacted", "beta", "true"), (request.GetProperty("postData").GetProperty("comment").GetString(), request.GetProperty("queryString")[0].GetProperty("name").GetString(), request.GetProperty("queryString")[0].GetProperty("value").GetString()));
        Assert.Equal(Tells, entries[1].GetProperty("response").GetProperty("content").GetProperty("text").GetString());
        Assert.False(entries[1].GetProperty("response").GetProperty("content").TryGetProperty("comment", out _));

        var other = Path.Combine(folder, "from-har");
        Assert.Equal($"{Calls}", (await ImportAsync(file, other)).GetProperty("taken").GetRawText());
        var (was, now) = (await RecordsAsync(lethe.DataDirectory), await RecordsAsync(other));
        Assert.Equal(Calls, now.Length);
        foreach (var (before, after) in was.Zip(now))
        {
            foreach (var field in (string[])["captured_at", "method", "path", "status", "outcome", "model_served", "response_id", "stop_reason", "usage", "reply"])
            {
                Assert.Equal((field, before.GetProperty(field).GetRawText()), (field, after.GetProperty(field).GetRawText()));
            }

            Assert.Equal(Body(before, "request"), Body(after, "request"));
            Assert.Equal(Body(before, "response"), Body(after, "response"));
        }

        Assert.Equal([Session, Session], now.Take(2).Select(record => record.GetProperty("session").GetProperty("harness_session_id").GetString()));
    }

    private async Task MessagesAsync()
    {
        var openai = await LinesAsync("openai-messages");
        Assert.Equal(2, openai.Length);
        var said = openai[0].GetProperty("messages");
        Assert.Equal(["system", "user", "assistant", "tool", "user", "assistant"], Roles(said));
        Assert.Equal("You are careful.", said[0].GetProperty("content").GetString());
        Assert.StartsWith("What lies here? ", said[1].GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(("I look.", "Look first."), (said[2].GetProperty("content").GetString(), said[2].GetProperty("reasoning_content").GetString()));
        var call = said[2].GetProperty("tool_calls")[0];
        Assert.Equal(("toolu_e1", "function", "Bash"), (call.GetProperty("id").GetString(), call.GetProperty("type").GetString(), call.GetProperty("function").GetProperty("name").GetString()));
        Assert.Equal("ls\n-l \u202e", JsonDocument.Parse(call.GetProperty("function").GetProperty("arguments").GetString()!).RootElement.GetProperty("command").GetString());
        Assert.Equal(("toolu_e1", "a b"), (said[3].GetProperty("tool_call_id").GetString(), said[3].GetProperty("content").GetString()));
        Assert.Equal(("And?", "Two files, ü."), (said[4].GetProperty("content").GetString(), said[5].GetProperty("content").GetString()));
        Assert.Equal(("kept", "claude-code"), (openai[0].GetProperty("metadata").GetProperty("content").GetString(), openai[0].GetProperty("metadata").GetProperty("harness_id").GetString()));
        Assert.Equal(["system", "user", "assistant", "tool", "tool", "assistant"], Roles(openai[1].GetProperty("messages")));
        Assert.Equal(2, openai[1].GetProperty("messages")[2].GetProperty("tool_calls").GetArrayLength());

        var anthropic = await LinesAsync("anthropic-messages", "--provider", "anthropic");
        var told = Assert.Single(anthropic).GetProperty("messages");
        Assert.Equal(["user", "assistant", "user", "assistant"], Roles(told));
        Assert.Equal("You are careful.", anthropic[0].GetProperty("system").GetString());
        Assert.Equal(["thinking", "text", "tool_use"], Types(told[1]));
        Assert.Equal("ls\n-l \u202e", told[1].GetProperty("content")[2].GetProperty("input").GetProperty("command").GetString());
        Assert.Equal(["tool_result", "text"], Types(told[2]));
        Assert.Equal(("toolu_e1", "a b", false), (told[2].GetProperty("content")[0].GetProperty("tool_use_id").GetString(), told[2].GetProperty("content")[0].GetProperty("content").GetString(), told[2].GetProperty("content")[0].GetProperty("is_error").GetBoolean()));

        // Another dialect's outcomes of tools stand together, as this one wants them.
        var chat = Assert.Single(await LinesAsync("anthropic-messages", "--provider", "openai"));
        Assert.Equal(("You know the weather.", "user assistant user assistant"), (chat.GetProperty("system").GetString(), string.Join(' ', Roles(chat.GetProperty("messages")))));
        Assert.Equal(["tool_result", "tool_result"], Types(chat.GetProperty("messages")[2]));
        Assert.Empty(await LinesAsync("openai-messages", "--outcome", "upstream_error"));
    }

    private async Task TranscriptsAsync()
    {
        var file = Path.Combine(folder, "session.jsonl");
        var text = await ExportAsync("transcript", "--session", Session);
        await File.WriteAllTextAsync(file, text);
        var lines = Parsed(text);
        Assert.Equal(["user", "assistant", "tool", "assistant"], Roles(lines));
        Assert.Equal(["0", "1", "2", "3"], lines.Select(line => line.GetProperty("seq").GetRawText()));
        Assert.Equal(("a b\nAnd?", "toolu_e1"), (lines[2].GetProperty("content").GetString(), lines[2].GetProperty("metadata").GetProperty("tool_call_id").GetString()));

        var other = Path.Combine(folder, "from-transcript");
        Assert.Equal("4", (await ImportAsync(file, other)).GetProperty("taken").GetRawText());
        Assert.Equal("4", (await ImportAsync(file, other)).GetProperty("known").GetRawText());
        var now = await RecordsAsync(other);
        Assert.All(now, record => Assert.Equal(("claude-code", Session), (record.GetProperty("harness").GetProperty("id").GetString(), record.GetProperty("session").GetProperty("harness_session_id").GetString())));
        Assert.Equal(lines.Select(line => line.GetProperty("content").GetString()), now.Select(record => record.GetProperty("reply").GetProperty("text").GetString()));
        Assert.Equal((232, 35), (now.Sum(record => Tokens(record, "input_tokens")), now.Sum(record => Tokens(record, "output_tokens"))));
        var call = Assert.Single(now[1].GetProperty("reply").GetProperty("tool_calls").EnumerateArray());
        Assert.Equal(("toolu_e1", "Bash", "ls\n-l \u202e"), (call.GetProperty("id").GetString(), call.GetProperty("name").GetString(), call.GetProperty("arguments").GetProperty("command").GetString()));
    }

    private async Task ErasedAsync()
    {
        var (code, _, error) = await RunAsync("forget", Session, "--yes", "--data", lethe.DataDirectory);
        Assert.True(code == 0, error);

        var entry = JsonDocument.Parse(await ExportAsync("har", "--session", Session)).RootElement.GetProperty("log").GetProperty("entries")[0];
        Assert.Equal(("erased", "What was said is not here: erased."), (entry.GetProperty("_content").GetString(), entry.GetProperty("comment").GetString()));
        Assert.Equal("erased", entry.GetProperty("response").GetProperty("content").GetProperty("comment").GetString());
        var line = Assert.Single(await LinesAsync("openai-messages", "--session", Session));
        Assert.Equal((0, "erased"), (line.GetProperty("messages").GetArrayLength(), line.GetProperty("metadata").GetProperty("content").GetString()));
        Assert.All(await LinesAsync("transcript", "--session", Session), told => Assert.Equal("What was said was erased.", told.GetProperty("content").GetString()));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var sent = await new StreamReader(context.Request.Body).ReadToEndAsync();
        context.Response.ContentType = "application/json";
        var isSecond = sent.Contains("tool_result", StringComparison.Ordinal);
        var answer = Encoding.UTF8.GetBytes(context.Request.Path.Value!.EndsWith("messages", StringComparison.Ordinal) ? isSecond ? Tells : Asks : Chat);
        if (isSecond)
        {
            context.Response.Headers.ContentEncoding = "gzip";
            answer = Gzipped(answer);
        }

        await context.Response.Body.WriteAsync(answer);
    }

    private async Task SendAsync(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (path.StartsWith("/anthropic", StringComparison.Ordinal))
        {
            request.Headers.TryAddWithoutValidation("user-agent", "claude-cli/2.1.329 (external, cli)");
            request.Headers.Add("x-claude-code-session-id", Session);
            request.Headers.Add("x-api-key", Credential);
        }

        using var response = await lethe.Forwarding.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode);
        await response.Content.ReadAsByteArrayAsync();
    }

    private async Task<string> ExportAsync(string format, params string[] more) => await WrittenAsync(lethe.DataDirectory, ["--format", format, .. more]);

    private async Task<string> WrittenAsync(string data, string[] options)
    {
        var file = Path.Combine(folder, "exported");
        var (code, _, error) = await RunAsync(["export", "-o", file, "--data", data, .. options]);
        Assert.True(code == 0, error);
        return await File.ReadAllTextAsync(file);
    }

    private async Task<JsonElement[]> LinesAsync(string format, params string[] more) => Parsed(await ExportAsync(format, more));

    private async Task<(int Code, bool Named)> RefusedAsync(string format)
    {
        var (code, _, error) = await RunAsync("export", "--format", format, "--data", lethe.DataDirectory);
        return (code, error.Contains("transcript", StringComparison.Ordinal));
    }

    private static async Task<JsonElement> ImportAsync(string file, string into)
    {
        var (code, output, error) = await RunAsync("import", file, "--json", "--data", into);
        Assert.True(code == 0, output + error);
        return JsonDocument.Parse(output).RootElement;
    }

    private async Task<JsonElement[]> RecordsAsync(string data) => Parsed(await WrittenAsync(data, ["--bodies"]));

    /// <summary>The verb, in this process: what it writes to stdout as bytes goes into files here.</summary>
    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (await LetheApplication.RunAsync(args, output, error), output.ToString(), error.ToString());
    }

    private static JsonElement[] Parsed(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static IEnumerable<string?> Roles(JsonElement messages) => Roles(messages.EnumerateArray());

    private static IEnumerable<string?> Roles(IEnumerable<JsonElement> messages) => messages.Select(message => message.GetProperty("role").GetString());

    private static IEnumerable<string?> Types(JsonElement message) => message.GetProperty("content").EnumerateArray().Select(block => block.GetProperty("type").GetString());

    private static int Tokens(JsonElement record, string bucket) => record.GetProperty("usage") is { ValueKind: JsonValueKind.Object } usage ? usage.GetProperty(bucket).GetInt32() : 0;

    private static string Body(JsonElement record, string direction)
    {
        var bytes = record.GetProperty(direction).GetProperty("body_base64").GetBytesFromBase64();
        if (bytes is not [0x1f, 0x8b, ..])
        {
            return Encoding.UTF8.GetString(bytes);
        }

        using var reader = new StreamReader(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    private static byte[] Gzipped(byte[] plain)
    {
        using var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return coded.ToArray();
    }
}
