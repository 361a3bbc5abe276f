using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.IngestApi;

namespace Lethe.Proxy.Tests.Admin;

/// <summary>The stream of what was committed, for readers that come back.</summary>
public sealed class EventStreamTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task It_goes_on_behind_what_was_seen_and_says_where_history_is_gone(string sink)
    {
        await using var lethe = await StoreOfTest.StartAsync(sink);
        var producer = new Producer(lethe);
        await producer.SendAsync(string.Join('\n', Enumerable.Range(1, 4).Select(i => Producer.Event("t" + i, at: i, session: "s-" + (i % 2)))), Producer.Lines);

        var all = await EventsAsync(lethe, "?after=0", 4);
        Assert.Equal(["finished", "finished", "finished", "finished"], all.Select(one => one.Event));
        Assert.Equal(all.Skip(2), await EventsAsync(lethe, "?after=" + all[1].Id, 2));
        Assert.Equal(all.Where((_, i) => i % 2 == 0), await EventsAsync(lethe, "?after=0&session=s-1", 2));
        Assert.Equal(("gap", """{"after":99999}"""), Told((await EventsAsync(lethe, "?after=99999", 1))[0]));

        using var erased = await lethe.Admin.DeleteAsync("/v1/sessions/s-1?facts=true");
        Assert.True(erased.IsSuccessStatusCode, await erased.Content.ReadAsStringAsync());
        var after = await EventsAsync(lethe, "?after=0", 3);
        Assert.Equal(["gap", "finished", "finished"], after.Select(one => one.Event));
        Assert.Equal([all[1].Id, all[3].Id], after.Skip(1).Select(one => one.Id));
    }

    [Fact]
    public async Task It_tells_of_one_organisation_alone()
    {
        const string Ours = "0b6f1c1e-0000-4000-8000-000000000001";
        const string Theirs = "0b6f1c1e-0000-4000-8000-000000000002";
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        foreach (var (org, turn) in ((string, string)[])[(Ours, "t1"), (Theirs, "t2"), (Ours, "t3"), (Theirs, "t4")])
        {
            await producer.SendAsync(Producer.Event(turn, session: "of-" + org), Producer.Lines, "/v1/ingest?org=" + org);
        }

        var told = await EventsAsync(lethe, "?after=0&org=" + Theirs, 2);
        Assert.All(told, one => Assert.DoesNotContain(Ours, one.Data, StringComparison.Ordinal));
        Assert.Equal(2, told.Count(one => one.Data.Contains(Theirs, StringComparison.Ordinal)));
        using var other = await lethe.Admin.GetAsync($"/v1/events?after=0&session=of-{Ours}&org={Theirs}");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    [Theory]
    [InlineData("?after=x", "invalid_parameter", HttpStatusCode.BadRequest)]
    [InlineData("?after=-1", "invalid_parameter", HttpStatusCode.BadRequest)]
    [InlineData("?session=none", "session_not_found", HttpStatusCode.NotFound)]
    public async Task What_it_never_gave_is_refused(string query, string code, HttpStatusCode status)
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        await new Producer(lethe).SendAsync(Producer.Event("t1"), Producer.Lines);
        using var response = await lethe.Admin.GetAsync("/v1/events" + query);

        Assert.Equal((status, code), (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString()));
    }

    private static (string Event, string Data) Told((string Id, string Event, string Data) one) => (one.Event, one.Data);

    private static async Task<List<(string Id, string Event, string Data)>> EventsAsync(LetheUnderTest lethe, string query, int count)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var response = await lethe.Admin.GetAsync("/v1/events" + query, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        var events = new List<(string, string, string)>();
        var (id, name) = ("", "");
        while (events.Count < count && await lines.ReadLineAsync(bound.Token) is { } line)
        {
            id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
            name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events.Add((id, name, line[6..]));
                id = "";
            }
        }

        return events;
    }
}
