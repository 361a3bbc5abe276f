using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>The tapes project's own envelopes, as the session blocks of payloads.</summary>
public sealed class TapesCasesTests(ITestOutputHelper output)
{
    private const string Org = "00000000-0000-4000-8000-000000000001";

    [Fact]
    public async Task Envelopes_are_taken_as_tapes_takes_them()
    {
        if (FindCases() is not { } cases)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return;
        }

        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(cases, "*.json").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var envelope = JsonNode.Parse(await File.ReadAllTextAsync(file))!["envelope"]!.AsObject();
            var (status, result) = await producer.SendAsync(Producer.Payload("", "case " + name, change: payload => payload["session"] = envelope.DeepClone()), "/v1/ingest?org=" + Org);
            output.WriteLine($"{name}: {(int)status} {result}");
            count++;
            if (envelope["parent_harness_session_id"]?.GetValue<string>() == "" || name.StartsWith("error-org", StringComparison.Ordinal) || Holds(envelope, "harness_metadata") is { } and not JsonObject)
            {
                Assert.Equal((name, HttpStatusCode.BadRequest), (name, status));
                continue;
            }

            Assert.Equal((name, HttpStatusCode.OK), (name, status));
            var exchange = await producer.GetAsync($"/v1/exchanges/{result.GetProperty("exchange_id").GetString()}?org={Org}");
            var harness = Text(envelope, "harness_id");
            Assert.Equal(harness ?? "unknown", exchange.GetProperty("harness").GetProperty("id").GetString());
            if (Text(envelope, "harness_session_id") is { } session)
            {
                Assert.Equal(session, exchange.GetProperty("session").GetProperty("harness_session_id").GetString());
            }

            // Several cases are of one session: what one does not tell is as an earlier one has told it.
            if (Text(envelope, "cwd") is not { } cwd)
            {
                continue;
            }

            var stored = (await producer.GetAsync($"/v1/sessions/{result.GetProperty("session_id").GetString()}?org={Org}")).GetProperty("session");
            Assert.Equal(cwd, stored.GetProperty("cwd").GetString());
        }

        Assert.True(count >= 23);
    }

    private static string? FindCases()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var found = Path.Combine(at.FullName, "shared", "fixtures", "tapes", "envelope", "cases");
            if (Directory.Exists(found))
            {
                return found;
            }
        }

        return null;
    }

    private static JsonNode? Holds(JsonObject envelope, string name) => envelope[name];

    private static string? Text(JsonObject envelope, string name) => envelope[name]?.GetValue<string>() is { Length: > 0 } text ? text : null;
}
