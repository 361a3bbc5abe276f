using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Tests.Hosting;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Lethe.Proxy.Tests.Admin;

/// <summary>A lethe that has heard Claude Code: one session of two turns and a refused call, and a sub-agent's session of one turn.</summary>
internal sealed class RecordedConversation : IAsyncDisposable
{
    public const string MainSession = "5f6b1c1e-0000-4000-8000-000000000001";
    public const string Secret = "sk-ant-a-credential-that-must-not-be-kept";
    public const int Exchanges = 4;

    private const string Busy = "busy";
    private const string Calm = "calm";

    private const string Reply = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5",
         "content":[{"type":"text","text":"Hello \u001b[31mthere"},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}}],
         "stop_reason":"tool_use","usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":30}}
        """;

    private const string Refusal = """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""";

    private readonly WireMockServer api;

    private RecordedConversation(WireMockServer api, LetheUnderTest lethe)
    {
        this.api = api;
        Lethe = lethe;
    }

    public LetheUnderTest Lethe { get; }

    public HttpClient Admin => Lethe.Admin;

    public static async Task<RecordedConversation> StartAsync(Action<LetheOptions>? change = null)
    {
        var api = WireMockServer.Start("http://127.0.0.1:0");
        Answers(api, from: null, 200, Reply, to: Busy);
        Answers(api, from: Busy, 529, Refusal, to: Calm);
        Answers(api, from: Calm, 200, Reply, to: Calm);
        var lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = api.Url! };
            change?.Invoke(options);
        });
        var conversation = new RecordedConversation(api, lethe);
        await conversation.SayAsync("first");
        await conversation.SayAsync("second");
        await conversation.SayAsync("third");
        await conversation.SayAsync("to the agent", agent: "a1b2c3");
        await conversation.UntilCommittedAsync(Exchanges);
        return conversation;
    }

    public Task SayAsync(string text, string? agent = null) => SendAsync($$"""[{"role":"user","content":{{JsonSerializer.Serialize(text)}}}]""", agent);

    /// <param name="messages">A JSON array of whatever shape.</param>
    public async Task SendAsync(string messages, string? agent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages")
        {
            Content = new StringContent(
                $$"""{"model":"claude-sonnet-4-5","max_tokens":100,"messages":{{messages}}}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("claude-cli", "2.1.329"));
        request.Headers.Add("x-claude-code-session-id", MainSession);
        request.Headers.Add("x-api-key", Secret);
        if (agent is not null)
        {
            request.Headers.Add("x-claude-code-agent-id", agent);
        }

        using var response = await Lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Waits until so many exchanges are in the store; each wait is answered by the store itself, within a bound.</summary>
    public async Task UntilCommittedAsync(int count)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await CommittedAsync() < count)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    // None as long as the store is still being opened.
    private async Task<int> CommittedAsync()
    {
        using var response = await Admin.GetAsync("/v1/exchanges?limit=200");
        return response.StatusCode == HttpStatusCode.ServiceUnavailable
            ? 0
            : JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).RootElement.GetProperty("items").GetArrayLength();
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await Admin.GetStringAsync(path)).RootElement;

    public async ValueTask DisposeAsync()
    {
        await Lethe.DisposeAsync();
        api.Dispose();
    }

    /// <summary>The model is overloaded once: when it is asked for the second time.</summary>
    private static void Answers(WireMockServer api, string? from, int status, string body, string to)
    {
        var mapping = api.Given(Request.Create().UsingPost().WithPath("/v1/messages")).InScenario("overload");
        (from is null ? mapping : mapping.WhenStateIs(from)).WillSetStateTo(to)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));
    }
}
