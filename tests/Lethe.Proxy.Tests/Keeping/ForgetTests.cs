using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Keeping;

/// <summary>Forgetting, as a person and a program ask for it, while lethe runs and while it does not.</summary>
public sealed class ForgetTests : IAsyncLifetime
{
    private SaidEverywhere said = null!;

    private string Data => said.Lethe.DataDirectory;

    public async Task InitializeAsync() => said = await SaidEverywhere.StartAsync("first", "other");

    public async Task DisposeAsync() => await said.DisposeAsync();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Every_word_of_a_session_is_gone_from_every_file_and_the_other_is_as_it_was(bool isRunning, bool withFacts)
    {
        Assert.Equal(SaidEverywhere.Words("first"), SaidEverywhere.Found(Data, SaidEverywhere.Words("first")));
        var others = SaidEverywhere.Found(Data, SaidEverywhere.Words("other"));
        var before = await ExportAsync("other");
        var facts = await FactsAsync();
        if (!isRunning)
        {
            await said.Lethe.Host.StopAsync();
        }

        string[] args = ["forget", "first", "--yes", "--data", Data, .. withFacts ? ["--facts"] : Array.Empty<string>()];
        var (code, output, error) = await LetheProgram.RunAsync(args);

        Assert.True(code == 0, output + error);
        Assert.Contains("2 sessions, 5 exchanges", output, StringComparison.Ordinal);
        Assert.Empty(SaidEverywhere.Found(Data, SaidEverywhere.Words("first")));
        Assert.Equal(others, SaidEverywhere.Found(Data, SaidEverywhere.Words("other")));
        Assert.Equal(before, await ExportAsync("other"));
        Assert.Equal(withFacts ? [] : facts, await FactsAsync());
        var (verified, found, _) = await LetheProgram.RunAsync("verify", "--parity", "--data", Data);
        Assert.True(verified == 0, found);
        Assert.Contains("erased", found, StringComparison.Ordinal);
        var (shown, conversation, _) = await LetheProgram.RunAsync("show", "first", "--data", Data);
        Assert.Equal(withFacts ? 1 : 0, shown);
        Assert.Equal(!withFacts, conversation.Contains("what was said was erased", StringComparison.Ordinal));
        Assert.Equal(1, (await LetheProgram.RunAsync("forget", "nobody", "--yes", "--data", Data)).ExitCode);
    }

    [Fact]
    public async Task Without_a_terminal_nothing_is_forgotten_unless_it_is_told_to()
    {
        var (code, _, error) = await LetheProgram.RunAsync("forget", "first", "--data", Data);

        Assert.Equal((2, "lethe: forget asks on a terminal; elsewhere it needs --yes.\n"), (code, error));
        Assert.NotEmpty(SaidEverywhere.Found(Data, SaidEverywhere.Words("first")));
    }

    [Fact]
    public async Task On_a_terminal_it_asks_first_and_only_a_yes_counts()
    {
        await said.Lethe.Host.StopAsync();
        var words = SaidEverywhere.Words("first").ToList();

        var (refused, asked) = await LetheProgram.AnswerOnTerminalAsync(AppContext.BaseDirectory, "n\n", "forget", "first", "--data", Data);
        Assert.Equal(1, refused);
        Assert.Contains("2 sessions, 5 exchanges", asked, StringComparison.Ordinal);
        Assert.Contains("Erase them for good? [y/N]", asked, StringComparison.Ordinal);
        Assert.Equal(words, SaidEverywhere.Found(Data, words));

        var (agreed, told) = await LetheProgram.AnswerOnTerminalAsync(AppContext.BaseDirectory, "y\n", "forget", "first", "--data", Data);
        Assert.True(agreed == 0, told);
        Assert.Empty(SaidEverywhere.Found(Data, words));
    }

    [Fact]
    public async Task Words_past_their_age_are_in_no_file_answer_410_and_a_pinned_sessions_stay()
    {
        var id = (await said.RecordsAsync("first"))[0].GetProperty("exchange_id").GetString();
        var facts = await FactsAsync();
        Assert.Equal(0, (await LetheProgram.RunAsync("pin", "other", "--data", Data)).ExitCode);
        await said.Lethe.Host.StopAsync();

        await using var later = await LetheUnderTest.StartAsync(
            options => (options.DataDirectory, options.Retention.BodiesDays) = (Data, 1), services => services.AddSingleton<TimeProvider>(new LaterTime(TimeSpan.FromDays(2))));
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (JsonDocument.Parse(await later.Admin.GetStringAsync($"/v1/exchanges/{id}")).RootElement.GetProperty("content").GetString() != "expired")
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }

        foreach (var path in (string[])["request", "response", "body/request", "body/response"])
        {
            using var gone = await later.Admin.GetAsync($"/v1/exchanges/{id}/{path}");
            Assert.Equal(HttpStatusCode.Gone, gone.StatusCode);
            Assert.Equal("content_expired", JsonDocument.Parse(await gone.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString());
        }

        await later.Host.StopAsync();
        // Retention takes what was said; what describes the session stays until its records go.
        string[] wordsOfFirst = [.. ((string[])["system", "tool-definition", "message", "tool-argument", "tool-result", "reply", "error"]).Select(place => SaidEverywhere.Word("first", place))];
        Assert.Empty(SaidEverywhere.Found(Data, wordsOfFirst));
        var others = SaidEverywhere.Words("other").ToList();
        Assert.Equal(others, SaidEverywhere.Found(Data, others));
        Assert.Equal(facts, await FactsAsync());
        var (verified, found, _) = await LetheProgram.RunAsync("verify", "--parity", "--data", Data);
        Assert.True(verified == 0, found);
    }

    [Fact]
    public async Task Erased_bodies_answer_410_and_kept_ones_in_ranges()
    {
        var id = (await said.RecordsAsync("first"))[0].GetProperty("exchange_id").GetString();
        var kept = (await said.RecordsAsync("other"))[0].GetProperty("exchange_id").GetString();
        using var answer = await said.Lethe.Admin.DeleteAsync("/v1/sessions/first");
        Assert.Equal(5, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("exchanges").GetInt32());

        foreach (var path in (string[])["request", "response", "body/request", "body/response"])
        {
            using var gone = await said.Lethe.Admin.GetAsync($"/v1/exchanges/{id}/{path}");
            Assert.Equal(HttpStatusCode.Gone, gone.StatusCode);
            Assert.Equal("content_erased", JsonDocument.Parse(await gone.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString());
            using var here = await said.Lethe.Admin.GetAsync($"/v1/exchanges/{kept}/{path}");
            Assert.Equal(HttpStatusCode.OK, here.StatusCode);
            Assert.Contains("other-", await here.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            using var nobody = await said.Lethe.Admin.GetAsync($"/v1/exchanges/{Guid.NewGuid()}/{path}");
            Assert.Equal(HttpStatusCode.NotFound, nobody.StatusCode);
        }

        using var some = new HttpRequestMessage(HttpMethod.Get, $"/v1/exchanges/{kept}/body/request") { Headers = { Range = new RangeHeaderValue(1, 7) } };
        using var part = await said.Lethe.Admin.SendAsync(some);
        Assert.Equal((HttpStatusCode.PartialContent, "\"model\""), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        Assert.Equal("erased", (await said.GetAsync($"/v1/exchanges/{id}")).GetProperty("content").GetString());
        Assert.NotEqual(JsonValueKind.Null, (await said.GetAsync("/v1/sessions/first")).GetProperty("session").GetProperty("erased_at").ValueKind);
        using var wrong = await said.Lethe.Admin.DeleteAsync("/v1/sessions/other?facts=maybe");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_is_pinned_and_unpinned(bool isRunning)
    {
        if (!isRunning)
        {
            await said.Lethe.Host.StopAsync();
        }

        Assert.Equal(0, (await LetheProgram.RunAsync("pin", "first", "--data", Data)).ExitCode);
        Assert.True(await IsPinnedAsync());
        Assert.Equal(0, (await LetheProgram.RunAsync("unpin", "first", "--data", Data)).ExitCode);
        Assert.False(await IsPinnedAsync());
        Assert.Equal(1, (await LetheProgram.RunAsync("pin", "nobody", "--data", Data)).ExitCode);
    }

    private async Task<bool> IsPinnedAsync()
    {
        var (_, json, _) = await LetheProgram.RunAsync("show", "first", "--json", "--data", Data);
        return JsonDocument.Parse(json).RootElement.GetProperty("session").GetProperty("session").GetProperty("pinned_at").ValueKind != JsonValueKind.Null;
    }

    private async Task<string> ExportAsync(string session)
    {
        var (code, output, error) = await LetheProgram.RunAsync("export", "--bodies", "--session", session, "--data", Data);
        Assert.True(code == 0, error);
        return output;
    }

    // What stays of a forgotten session: when, which model, how many tokens, how much money.
    private async Task<string[]> FactsAsync()
    {
        var (_, output, _) = await LetheProgram.RunAsync("export", "--data", Data);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(record => record.GetProperty("session").GetProperty("harness_session_id").GetString()!.StartsWith("first", StringComparison.Ordinal))
            .Select(KeptFacts.Of)];
    }

    /// <summary>A clock that is ahead of the others.</summary>
    private sealed class LaterTime(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
