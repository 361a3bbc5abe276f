using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Keeping;

/// <summary>A lethe that has heard sessions whose words are their own in every place where a word can stand.</summary>
internal sealed class SaidEverywhere : IAsyncDisposable
{
    /// <summary>Where in a call a word stands.</summary>
    public static readonly string[] Places =
    [
        "system", "tool-definition", "message", "tool-argument", "tool-result", "reply", "error", "request-header", "response-header", "cwd", "name", "metadata", "query", "agent",
        "client-key", "path",
    ];

    private readonly FakeModelApi api;

    private SaidEverywhere(FakeModelApi api, LetheUnderTest lethe)
    {
        this.api = api;
        Lethe = lethe;
    }

    public LetheUnderTest Lethe { get; }

    public static string Word(string session, string place) => $"{session}-{place}-zq";

    /// <param name="sessions">Each says three calls, the last of which fails, and a call of a sub-agent.</param>
    public static async Task<SaidEverywhere> StartAsync(params string[] sessions)
    {
        var api = await FakeModelApi.StartAsync(AnswerAsync);
        var said = new SaidEverywhere(api, await LetheUnderTest.StartAsync(options => options.Upstreams["anthropic"] = new() { Address = api.Address }));
        foreach (var session in sessions)
        {
            await said.SayAsync(session, "");
            await said.SayAsync(session, "");
            await said.SayAsync(session, "&fail=1");
            await said.SayAsync(session, "", agent: "agent-" + session);
            await said.SayAsync(session, "", path: $"/v1/unknown/{Word(session, "path")}");
        }

        await said.UntilStoredAsync(sessions.Length * 5);
        return said;
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await Lethe.Admin.GetStringAsync(path)).RootElement;

    public async Task<JsonElement[]> RecordsAsync(string session)
    {
        var all = await GetAsync("/v1/exchanges?limit=200");
        return [.. all.GetProperty("items").EnumerateArray().Where(record =>
            record.GetProperty("session") is { ValueKind: JsonValueKind.Object } told && told.GetProperty("harness_session_id").GetString()!.StartsWith(session, StringComparison.Ordinal)).Select(record => record.Clone())];
    }

    public async Task UntilStoredAsync(int count)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await GetAsync("/v1/exchanges?limit=200")).GetProperty("items").GetArrayLength() < count)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    /// <summary>Which of these words stand in any file, in whatever of its forms, compressed files unfolded.</summary>
    public static List<string> Found(string directory, IEnumerable<string> words)
    {
        var bytes = new StringBuilder();
        foreach (var path in Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes.Append(new StreamReader(file, Encoding.Latin1).ReadToEnd());
            if (path.EndsWith(".zst", StringComparison.Ordinal))
            {
                file.Position = 0;
                using var unfolded = new ZstdSharp.DecompressionStream(file);
                bytes.Append(new StreamReader(unfolded, Encoding.Latin1).ReadToEnd());
            }
        }

        var text = bytes.ToString();
        return [.. words.Where(word => text.Contains(word, StringComparison.Ordinal) || text.Contains(Base64Url.EncodeToString(Encoding.UTF8.GetBytes(word))[..^3], StringComparison.Ordinal))];
    }

    public static IEnumerable<string> Words(string session) => Places.Select(place => Word(session, place));

    public async ValueTask DisposeAsync()
    {
        await Lethe.DisposeAsync();
        await api.DisposeAsync();
    }

    /// <summary>As many calls more of a session, each with a word of its own.</summary>
    public async Task SayMoreAsync(string session, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            await SayAsync(session, $"&more={call}");
        }
    }

    private async Task SayAsync(string session, string query, string? agent = null, string path = "/v1/messages")
    {
        string W(string place) => Word(session, place);
        var body = $$$"""
            {"model":"claude-sonnet-4-5","max_tokens":100,"system":"all say this; {{{W("system")}}}",
             "tools":[{"name":"Bash","description":"{{{W("tool-definition")}}}","input_schema":{"type":"object"}}],
             "messages":[{"role":"user","content":"all begin so"},
                         {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1{{{session}}}","name":"Bash","input":{"command":"{{{W("tool-argument")}}}"}}]},
                         {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1{{{session}}}","content":"{{{W("tool-result")}}}"},{"type":"text","text":"{{{W("message")}}} {{{query}}} {{{agent}}}"}]}]}
            """;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/anthropic{path}?q={W("query")}&session={session}{query}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("User-Agent", $"claude-cli/2.1.329 ({W("agent")})");
        request.Headers.Add("x-claude-code-session-id", session);
        request.Headers.Add("anthropic-said", W("request-header"));
        request.Headers.Add("x-lethe-cwd", "/home/" + W("cwd"));
        request.Headers.Add("x-lethe-session-name", W("name"));
        request.Headers.Add("x-lethe-metadata", Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"k":"{{W("metadata")}}"}""")));
        request.Headers.Add("x-lethe-commit-key", W("client-key") + Guid.NewGuid());
        if (agent is not null)
        {
            request.Headers.Add("x-claude-code-agent-id", agent);
        }

        using var response = await Lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var session = context.Request.Query["session"].ToString();
        context.Response.Headers["anthropic-said"] = Word(session, "response-header");
        var fails = context.Request.Query.ContainsKey("fail");
        context.Response.StatusCode = fails ? 400 : 200;
        await FakeModelApi.Json(fails
            ? $$$"""{"type":"error","error":{"type":"invalid_request_error","message":"no: {{{Word(session, "error")}}}" } }"""
            : $$$"""
                {"id":"msg_{{{Guid.NewGuid():N}}}","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"{{{Word(session, "reply")}}}"}],
                 "stop_reason":"end_turn","usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":30}}
                """)(context);
    }
}
