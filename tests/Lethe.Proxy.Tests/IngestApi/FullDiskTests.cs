using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>A real disk, full: what was answered with 200 is there, what could not be kept is refused with its status, and all goes on when there is room.</summary>
public sealed class FullDiskTests
{
    private const int DiskMegabytes = 24;
    private const int FillBytes = 64 * 1024;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task While_the_disk_is_full_producers_are_told_to_come_again_and_each_delivery_is_stored_once_when_there_is_room()
    {
        await using var lethe = await LetheProcess.StartOnSmallDiskAsync(DiskMegabytes);
        using var door = new HttpClient { BaseAddress = new Uri(lethe.Admin), Timeout = WaitMax };
        var words = new string('w', 100_000);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(door, "before", words));
        var filler = lethe.Sees(Path.Combine(Path.GetDirectoryName(lethe.DataDirectory)!, "filler"));
        Fill(filler);

        List<string> refused = [];
        for (var i = 0; refused.Count < 4; i++)
        {
            Assert.True(i < 100, "a full disk takes one call after the other");
            if (await SendAsync(door, $"k-{i}", words + i) == HttpStatusCode.ServiceUnavailable)
            {
                refused.Add($"k-{i}");
            }
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SendAsync(door, "waits", words, "/v1/ingest?wait=journal"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SendAsync(door, "lines", words, "/v1/ingest", Producer.Lines));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SendAsync(door, "batch", words, "/v1/ingest/batch"));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await AskAsync(door, "/healthz"), await AskAsync(door, "/v1/exchanges/" + (await RecordsAsync(door))["before"])));

        File.Delete(filler);
        foreach (var key in (string[])[.. refused, "waits", "lines", "batch"])
        {
            await UntilTakenAsync(door, key, key.StartsWith("k-", StringComparison.Ordinal) ? words + key[2..] : words);
        }

        var there = await RecordsAsync(door);
        Assert.All(answered, key => Assert.Contains(key, there.Keys));
        var (code, told, error) = await lethe.RunBesideAsync("verify", "--parity", "--data", lethe.DataDirectory);
        Assert.True(code == 0, told + error);
    }

    private readonly HashSet<string> answered = [];

    private static void Fill(string path)
    {
        using var filler = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        var block = new byte[FillBytes];
        var isFull = false;
        for (var size = FillBytes; !isFull || size > 1; size = isFull ? size / 2 : size)
        {
            try
            {
                filler.Write(block.AsSpan(0, size));
                isFull = false;
            }
            catch (IOException)
            {
                // That is what full means; smaller pieces may still find a place.
                isFull = true;
            }
        }
    }

    private async Task<HttpStatusCode> SendAsync(HttpClient door, string key, string words, string path = "/v1/ingest", string type = "application/json")
    {
        var payload = Producer.Payload("s", words, key);
        var body = path.EndsWith("batch", StringComparison.Ordinal) ? new JsonObject { ["turns"] = new JsonArray(payload) } : payload;
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await door.PostAsync(path, content);
        Assert.Equal(response.StatusCode == HttpStatusCode.ServiceUnavailable, response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            answered.Add(key);
        }

        return response.StatusCode;
    }

    private async Task UntilTakenAsync(HttpClient door, string key, string words)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await SendAsync(door, key, words) is not HttpStatusCode.OK and var status)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    // By key; a key that is there twice fails.
    private static async Task<Dictionary<string, string>> RecordsAsync(HttpClient door) =>
        JsonDocument.Parse(await door.GetStringAsync("/v1/exchanges?limit=200")).RootElement.GetProperty("items").EnumerateArray()
            .ToDictionary(one => one.GetProperty("commit_key").GetString()!, one => one.GetProperty("exchange_id").GetString()!);

    private static async Task<HttpStatusCode> AskAsync(HttpClient door, string path)
    {
        using var response = await door.GetAsync(path);
        return response.StatusCode;
    }
}
