using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Page;

/// <summary>
/// An afternoon of Claude Code, invented, and sent through the forwarding door in a second: a cache that expired over lunch, one that a new tool threw away, a
/// sub-agent that was refused until it gave up, a compaction, and a session forked off the first.
/// </summary>
internal sealed class RecordedWork : IAsyncDisposable
{
    public const string Session = "a1b2c3d4-0000-4000-8000-00000000000a";
    public const string Fork = "f0f0f0f0-0000-4000-8000-00000000000f";
    public const string Title = "Make the webhook retry test deterministic";

    private const string Model = "claude-opus-4-5";
    private const string SmallModel = "claude-haiku-4-5";

    private readonly ShiftedTime clock;
    private readonly LetheUnderTest lethe;
    private readonly ScriptedModel model;
    private readonly List<object> talk = [];
    private readonly List<object> tools = [.. Enumerable.Range(1, 12).Select(at => Tool($"Tool{at}"))];
    private ModelReply next = new ModelReply.Say("");
    private int number;

    private RecordedWork(ShiftedTime clock, ScriptedModel model, LetheUnderTest lethe) => (this.clock, this.model, this.lethe) = (clock, model, lethe);

    public string Address => lethe.Host.Doors.Admin;

    public static async Task<RecordedWork> StartAsync()
    {
        RecordedWork? work = null;
        var clock = new ShiftedTime();
        var model = await ScriptedModel.StartAsync(_ => work!.Answer());
        var lethe = await LetheUnderTest.StartAsync(
            options => options.Upstreams["anthropic"] = new() { Address = model.Address },
            services => services.AddSingleton<TimeProvider>(clock));
        work = new RecordedWork(clock, model, lethe);
        await work.HappenAsync();
        return work;
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await lethe.Admin.GetStringAsync(path)).RootElement;

    public async Task<string> IdAsync(string session = Session) =>
        (await GetAsync("/v1/sessions/" + Uri.EscapeDataString(session))).GetProperty("session").GetProperty("session_id").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await lethe.DisposeAsync();
        await model.DisposeAsync();
    }

    private async Task HappenAsync()
    {
        Ask("The webhook retry test is flaky on CI. Find out why, and " + char.ToLowerInvariant(Title[0]) + Title[1..] + ".");
        await UseAsync("Read", new { file_path = "src/webhooks/retry.ts" }, new(3, 0, 16_240, 210), "export function scheduleRetry(attempt) { … }");
        await DelegateAsync("Explore", "exp10re", "Find where retries are scheduled", new(4, 16_240, 1_310, 180), fails: false);
        await UseAsync("Edit", new { file_path = "src/webhooks/retry.ts", old_string = "Date.now()", new_string = "clock.now()" }, new(4, 17_550, 2_480, 640), "The file has been updated.");
        await SayAsync("The test reads the wall clock twice. I made the clock an argument, so that the test can turn it by hand.", new(5, 20_030, 940, 388));
        var forked = talk.ToArray();

        clock.Pass(TimeSpan.FromMinutes(72));
        Ask("Back. Run it 200 times, then under load. I want a number, not a feeling.");
        await UseAsync("Bash", new { command = "npx vitest run retry --repeat 200" }, new(6, 0, 21_460, 260), "Tests 200 passed (200)");
        tools.Insert(6, Tool("mcp__linear__create_issue"));
        await DelegateAsync("general-purpose", "genera1", "Run the suite under load and report", new(5, 0, 27_930, 412), fails: true);
        await UseAsync("Bash", new { command = "seq 8 | xargs -P8 -I{} npx vitest run retry --repeat 50" }, new(4, 27_930, 720, 310), "Tests 400 passed (400)");
        await SayAsync("No failure in 600 runs. The sub-agent hit a rate limit, so I ran a smaller load myself: 8 workers, 50 repeats.", new(5, 28_650, 610, 290));

        clock.Pass(TimeSpan.FromMinutes(2));
        Ask("Your task is to create a detailed summary of the conversation so far.");
        await SayAsync("Summary: the retry test reads the clock through an argument now; 600 runs passed.", new(8, 29_260, 520, 540));
        talk.Clear();
        Ask("Summary: the retry test reads the clock through an argument now; 600 runs passed.\n\nGood. Open a draft pull request.");
        await SayAsync("The draft is open, with the numbers in its description.", new(9, 16_240, 470, 160));

        clock.Pass(TimeSpan.FromMinutes(1));
        talk.Clear();
        talk.AddRange(forked);
        Ask("Try it with a fake timer instead.");
        await SayAsync("A fake timer works as well, but it hides the second read of the clock.", new(6, 20_970, 410, 205), session: Fork);
        await UntilStoredAsync();
    }

    private void Ask(string words) => talk.Add(RecordedTeam.User(words));

    private async Task SayAsync(string words, ModelUsage usage, string session = Session)
    {
        await SendAsync(new ModelReply.Say(words), usage, talk, session);
        talk.Add(RecordedTeam.Assistant(words));
        clock.Pass(TimeSpan.FromSeconds(9));
    }

    private async Task UseAsync(string tool, object input, ModelUsage usage, string result)
    {
        await SendAsync(new ModelReply.UseTools((tool, input)), usage, talk, Session);
        Answered(tool, input, result, isError: false);
        clock.Pass(TimeSpan.FromSeconds(14));
    }

    private async Task DelegateAsync(string kind, string agent, string prompt, ModelUsage usage, bool fails)
    {
        var input = new { subagent_type = kind, description = prompt, prompt };
        await SendAsync(new ModelReply.UseTools(("Task", input)), usage, talk, Session);
        var call = number;
        List<object> own = [RecordedTeam.User(prompt)];
        await SendAsync(new ModelReply.Say("I look at the scheduler first."), new(900, 0, 6_200, 120), own, Session, agent, SmallModel);
        own.AddRange([RecordedTeam.Assistant("I look at the scheduler first."), RecordedTeam.User("Go on.")]);
        for (var attempt = 0; fails && attempt < 3; attempt++)
        {
            await SendAsync(new ModelReply.Fail(429, "rate_limit_error", "This request would exceed the rate limit for your organization."), null, own, Session, agent, SmallModel);
            clock.Pass(TimeSpan.FromSeconds(5));
        }

        if (!fails)
        {
            await SendAsync(new ModelReply.Say("They are scheduled in retry.ts, in drain()."), new(40, 6_200, 800, 240), own, Session, agent, SmallModel);
        }

        Answered("Task", input, fails ? "The agent gave up: rate_limit_error" : "They are scheduled in retry.ts, in drain().", fails, call);
        clock.Pass(TimeSpan.FromSeconds(3));
    }

    private void Answered(string tool, object input, string result, bool isError, int? call = null)
    {
        var id = $"toolu_{call ?? number}_0";
        talk.Add(RecordedTeam.Assistant(new[] { new { type = "tool_use", id, name = tool, input } }));
        talk.Add(RecordedTeam.User(new[] { new { type = "tool_result", tool_use_id = id, content = result, is_error = isError } }));
    }

    private async Task SendAsync(ModelReply reply, ModelUsage? usage, List<object> messages, string session, string? agent = null, string served = Model)
    {
        next = reply with { Usage = usage, Midway = () => clock.Pass(TimeSpan.FromSeconds(Math.Min(8, (usage?.Output ?? 0) / 70.0))) };
        var system = new[] { new { type = "text", text = "You are an agent that writes code.", cache_control = new { type = "ephemeral", ttl = "1h" } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { model = served, max_tokens = 32_000, stream = true, system, tools, messages = messages.Select((message, at) => at == messages.Count - 1 ? Marked(message) : message) }),
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.UserAgent.ParseAdd("claude-cli/2.1.329");
        request.Headers.Add("x-claude-code-session-id", session);
        if (agent is not null)
        {
            request.Headers.Add("x-claude-code-agent-id", agent);
        }

        number++;
        using var response = await lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
    }

    private ModelReply Answer()
    {
        clock.Pass(TimeSpan.FromSeconds(1.2));
        return next;
    }

    // The last message carries the mark, as Claude Code sets it.
    private static System.Text.Json.Nodes.JsonObject Marked(object message)
    {
        var json = JsonSerializer.SerializeToNode(message)!.AsObject();
        var mark = JsonSerializer.SerializeToNode(new { type = "ephemeral", ttl = "1h" });
        if (json["content"] is System.Text.Json.Nodes.JsonArray blocks)
        {
            blocks[^1]!.AsObject()["cache_control"] = mark;
        }
        else
        {
            json["content"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["type"] = "text", ["text"] = json["content"]!.GetValue<string>(), ["cache_control"] = mark });
        }

        return json;
    }

    private static object Tool(string name) => new { name, description = $"What {name} does.", input_schema = new { type = "object" } };

    private async Task UntilStoredAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await GetAsync("/v1/exchanges?limit=200")).GetProperty("items").GetArrayLength() < number)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }
}
