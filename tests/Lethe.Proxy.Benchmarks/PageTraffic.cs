using System.Text;
using System.Text.Json;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What the page is measured on: conversations of an agent, said through the forwarding door.</summary>
internal sealed class PageTraffic(ProxyUnderTest lethe, HttpClient http)
{
    private const string Answer = "?events=10";

    /// <summary>A conversation of more turns asks shorter questions, for each call carries all that was said before.</summary>
    private const int LongMin = 500;

    private const int Asked = 200;
    private const int LongAsked = 40;

    /// <summary>So many turns; the session's id.</summary>
    public async Task<string> ConverseAsync(int turns)
    {
        var session = Guid.CreateVersion7().ToString();
        var history = new StringBuilder();
        for (var turn = 1; turn <= turns; turn++)
        {
            history.Append(turn == 1 ? "" : ",").Append($"{{\"role\":\"user\",\"content\":\"ask number {turn}: {AgentBodies.Words(turn, turns > LongMin ? LongAsked : Asked).Replace('"', ' ').Replace('\n', ' ')}\"}}");
            await SayAsync($"[{history}]", session);
            history.Append(",{\"role\":\"assistant\",\"content\":\"" + string.Concat(Enumerable.Repeat("a few words at a time ", 10)) + "\"}");
        }

        await UntilStoredAsync();
        return (await GetAsync("/v1/sessions/" + session)).GetProperty("session").GetProperty("session_id").GetString()!;
    }

    /// <summary>A call with a request of that size; its id.</summary>
    public async Task<string> SayLargeAsync(int bytes)
    {
        await SayAsync($"[{{\"role\":\"user\",\"content\":{JsonSerializer.Serialize(AgentBodies.Words(5, bytes))}}}]", Guid.CreateVersion7().ToString());
        await UntilStoredAsync();
        var calls = (await GetAsync("/v1/sessions?limit=1")).GetProperty("items")[0].GetProperty("session_id").GetString();
        return (await GetAsync("/v1/exchanges?session=" + calls)).GetProperty("items")[0].GetProperty("exchange_id").GetString()!;
    }

    /// <summary>One small call, to its end.</summary>
    public Task SayAsync() => SayAsync("[{\"role\":\"user\",\"content\":\"hello\"}]", "5f6b1c1e-0000-4000-8000-00000000000b");

    public async Task UntilStoredAsync()
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await GetAsync("/readyz")).GetProperty("lag_records").GetInt64() > 0 || (await GetAsync("/v1/search?q=anything")).GetProperty("behind").GetInt64() > 0)
        {
            await tick.WaitForNextTickAsync();
        }
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await http.GetStringAsync(lethe.Admin + path)).RootElement;

    private async Task SayAsync(string messages, string session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, lethe.Listen + "/anthropic/v1/messages" + Answer)
        {
            Content = new StringContent($"{{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":1000,\"stream\":true,\"messages\":{messages}}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("user-agent", "claude-cli/2.1.329 (external, cli)");
        request.Headers.TryAddWithoutValidation("x-claude-code-session-id", session);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await response.EnsureSuccessStatusCode().Content.CopyToAsync(Stream.Null);
    }
}
