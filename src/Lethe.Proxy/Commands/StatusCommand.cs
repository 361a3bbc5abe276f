using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe status</c>: the lethe that runs on the data directory, its doors, lag, disk, store and open calls. Exits 1 when none runs or it is not ready.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var command = new Command("status", "How the running lethe is; exit 1 when none runs or it is not ready.") { json };
        command.SetAction(async (line, cancel) =>
        {
            var directory = GlobalOptions.Require(line).Options.DataDirectory;
            var doors = ListeningDoors.Find(directory);
            var state = doors is null ? null : await AskAsync(doors.Admin, cancel);
            var status = new StatusDocument(state is { IsReady: true }, doors, state, Directory.Exists(directory) ? DataSizes.Of(directory) : null);
            line.InvocationConfiguration.Output.WriteLine(
                line.GetValue(json) ? JsonSerializer.Serialize(status, StatusJson.Default.StatusDocument) : Text(status, directory));
            return status.Ready ? ExitCode.Fine : ExitCode.NotFine;
        });
        return command;
    }

    // Null when it does not answer: it is just starting or ending, or hangs.
    private static async Task<PipelineState?> AskAsync(string admin, CancellationToken cancel)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnswerMax };
        try
        {
            using var answer = await client.GetAsync(new Uri(admin + "/readyz"), cancel);
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            return answer.StatusCode == HttpStatusCode.OK
                ? await JsonSerializer.DeserializeAsync(body, ApiJson.Default.PipelineState, cancel)
                : (await JsonSerializer.DeserializeAsync(body, ApiJson.Default.NotReadyDocument, cancel))?.State;
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string Text(StatusDocument status, string directory)
    {
        if (status.Doors is not { } doors)
        {
            return $"no lethe runs on {directory}";
        }

        var lines = new List<string>
        {
            $"lethe runs (process {doors.ProcessId}), {(status.Ready ? "ready" : "not ready")}",
            $"  forwarding  {doors.Forwarding}",
            $"  admin       {doors.Admin}",
            $"  envoy       {doors.ExtProc ?? "off"}",
        };
        if (status.State is { } state)
        {
            lines.Add($"  journal     {(state.JournalWritable ? "writable" : "the disk refuses: captures wait in memory")}");
            lines.Add($"  store       {(state.StoreReachable ? "reachable" : "not reachable")}");
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"  ingest      {state.Ingest.Replace('_', ' ')}, {state.LagRecords} lines ({Format.Bytes(state.LagBytes)}) behind{(state.IngestReason is { } why ? ": " + why : "")}"));
            lines.Add($"  calls       {state.OpenCalls} open");
            if (state.Keeping is { } keeping)
            {
                lines.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  retention   {keeping.WordsExpired} expired, {keeping.WordsErased} erased, {keeping.RecordsRemoved} removed{(keeping.Failure is { } failure ? ": " + failure : "")}"));
            }
        }
        else
        {
            lines.Add("  it does not answer");
        }

        if (status.Disk is { } disk)
        {
            lines.Add($"  disk        journal {Format.Bytes(disk.JournalBytes)}, store {Format.Bytes(disk.StoreBytes)}, {Format.Bytes(disk.FreeBytes)} free");
        }

        return Printable.Of(string.Join('\n', lines));
    }
}

/// <summary>The shape of <c>lethe status --json</c>: <c>doors</c> is null when none runs, <c>state</c> when it does not answer.</summary>
internal sealed record StatusDocument(bool Ready, ListeningDoors? Doors, PipelineState? State, DataSizes? Disk);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusDocument))]
internal sealed partial class StatusJson : JsonSerializerContext;
