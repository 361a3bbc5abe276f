using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.Page;

/// <summary>
/// A lethe that has heard Claude Code work with two sub-agents, the second started by the first and failing; a call that was refused, cut, and then
/// answered; and as many turns besides as a test wants.
/// </summary>
internal sealed class RecordedTeam : IAsyncDisposable
{
    public const string Session = "5f6b1c1e-0000-4000-8000-00000000000a";
    public const string Explore = "exp10re";
    public const string Failing = "fa1l1ng";
    public const string FirstPrompt = "Make the webhook retry test deterministic";

    private readonly ScriptedModel model;
    private ModelReply next = new ModelReply.Say("");
    private int said;

    private RecordedTeam(ScriptedModel model, LetheUnderTest lethe)
    {
        this.model = model;
        Lethe = lethe;
    }

    public LetheUnderTest Lethe { get; }

    public string Address => Lethe.Host.Doors.Admin;

    /// <summary>One that has heard nothing yet.</summary>
    public static async Task<RecordedTeam> StartEmptyAsync(Action<LetheOptions>? change = null)
    {
        RecordedTeam? team = null;
        var model = await ScriptedModel.StartAsync(_ => team!.next);
        var lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = model.Address };
            change?.Invoke(options);
        });
        return team = new RecordedTeam(model, lethe);
    }

    public static async Task<RecordedTeam> StartAsync()
    {
        var team = await StartEmptyAsync();
        await team.ConverseAsync();
        return team;
    }

    /// <summary>Sends what an agent would, and waits until its answer ends.</summary>
    public async Task SayAsync(ModelReply reply, object[] messages, string? agent = null, string? parent = null, string? system = null)
    {
        next = reply;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { model = "claude-sonnet-4-5", max_tokens = 100, stream = true, system = system ?? "You are an agent.", messages }), Encoding.UTF8, "application/json"),
        };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("claude-cli", "2.1.329"));
        request.Headers.Add("x-claude-code-session-id", Session);
        if (agent is not null)
        {
            request.Headers.Add("x-claude-code-agent-id", agent);
        }

        if (parent is not null)
        {
            request.Headers.Add("x-claude-code-parent-agent-id", parent);
        }

        Interlocked.Increment(ref said);
        try
        {
            using var response = await Lethe.Forwarding.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
        }
        catch (HttpRequestException) when (reply is ModelReply.Cut)
        {
            // Cut on purpose.
        }
    }

    /// <summary>Sends a call as a test wrote it, and waits until its answer ends.</summary>
    public async Task SendAsync(HttpRequestMessage request, ModelReply reply)
    {
        next = reply;
        Interlocked.Increment(ref said);
        using var response = await Lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Takes in one call that another proxy recorded (a flow of mitmproxy).</summary>
    public async Task ImportAsync(byte[] flow)
    {
        var file = Path.Combine(Lethe.DataDirectory, "..", "saved.flows");
        await File.WriteAllBytesAsync(file, flow);
        Interlocked.Increment(ref said);
        var (code, _, error) = await LetheProgram.RunAsync("import", file, "--data", Lethe.DataDirectory);
        Assert.True(code == 0, error);
    }

    /// <summary>Waits until all that was said is stored and can be searched for.</summary>
    public async Task UntilStoredAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await IsStoredAsync())
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await Lethe.Admin.GetStringAsync(path)).RootElement;

    public async Task<string> IdAsync(string? agent = null) =>
        (await GetAsync("/v1/sessions/" + Uri.EscapeDataString(agent is null ? Session : $"{Session}/{agent}"))).GetProperty("session").GetProperty("session_id").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await Lethe.DisposeAsync();
        await model.DisposeAsync();
    }

    public static object User(object content) => new { role = "user", content };

    public static object Assistant(object content) => new { role = "assistant", content };

    /// <summary>So many turns behind the others, of a session of an agent of their own.</summary>
    public async Task SayManyAsync(int turns, string agent)
    {
        var messages = new List<object>();
        for (var turn = 1; turn <= turns; turn++)
        {
            messages.Add(User($"ask number {turn}"));
            await SayAsync(new ModelReply.Say($"answer number {turn}"), [.. messages], agent);
            messages.Add(Assistant($"answer number {turn}"));
        }

        await UntilStoredAsync();
    }

    /// <summary>So many turns of one agent, from several clients at once: each with a prompt of its own, in whatever order they come.</summary>
    public async Task SayInParallelAsync(int turns, int clients, string agent)
    {
        var reply = new ModelReply.Say("an answer");
        var before = said;
        await Parallel.ForAsync(0, turns, new ParallelOptions { MaxDegreeOfParallelism = clients }, async (turn, _) => await SayAsync(reply, [User($"ask number {before + turn}")], agent));
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await GetAsync("/readyz")).GetProperty("lag_records").GetInt64() > 0)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private async Task<bool> IsStoredAsync()
    {
        var stored = (await Lethe.Admin.GetStringAsync("/v1/exchanges?limit=200")).Split("\"exchange_id\"").Length - 1;
        return stored >= Math.Min(said, 200) && (await GetAsync("/v1/search?q=anything")).GetProperty("behind").GetInt64() == 0;
    }

    private async Task ConverseAsync()
    {
        var first = User(FirstPrompt);
        await SayAsync(new ModelReply.UseTools(("Task", new { description = "explore", prompt = "Find where retries are scheduled" })), [first]);
        var task = new { type = "tool_use", id = "toolu_1_0", name = "Task", input = new { description = "explore", prompt = "Find where retries are scheduled" } };

        await SayAsync(new ModelReply.UseTools(("Task", new { description = "dig", prompt = "Read the scheduler" })), [User("Find where retries are scheduled")], Explore);
        await SayAsync(new ModelReply.Fail(529, "overloaded_error", "Overloaded"), [User("Read the scheduler")], Failing, Explore);
        var inner = new { type = "tool_use", id = "toolu_2_0", name = "Task", input = new { description = "dig", prompt = "Read the scheduler" } };
        await SayAsync(
            new ModelReply.Say("They are scheduled in `retry.ts`."),
            [User("Find where retries are scheduled"), Assistant(new[] { inner }), User(new[] { new { type = "tool_result", tool_use_id = "toolu_2_0", content = "overloaded", is_error = true } })],
            Explore);

        object[] back = [first, Assistant(new[] { task }), User(new[] { new { type = "tool_result", tool_use_id = "toolu_1_0", content = "They are scheduled in retry.ts." } })];
        await SayAsync(new ModelReply.Fail(529, "overloaded_error", "Overloaded"), back);
        await SayAsync(new ModelReply.Cut(), back);
        await SayAsync(new ModelReply.Say("I call `scheduleRetry(attempt)` with a fixed clock now. See https://example.com/docs."), back);
        await UntilStoredAsync();
    }
}
