using System.CommandLine;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe why EXCHANGE</c>: what became of the vendor's prompt cache in one call, and why.</summary>
internal static class WhyCommand
{
    public static Command Build()
    {
        var exchange = new Argument<string>("EXCHANGE") { Description = "An exchange id." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var command = new Command("why", "Why a call missed the cache, and what that cost.") { exchange, json };
        command.SetAction(line =>
        {
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var id = line.GetRequiredValue(exchange);
            var record = reader.Exchange(Organisation.None, id) ?? throw new CommandFailure(ExitCode.NotFine, $"lethe: no exchange has the id '{id}'.");
            var cache = record.Cache ?? throw new CommandFailure(ExitCode.NotFine, "lethe: the call told nothing of a cache: it has no reply, or no usage.");
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(json))
            {
                output.WriteLine(JsonSerializer.Serialize(cache, ExchangeRecordJson.Default.CacheRecord));
                return ExitCode.Fine;
            }

            output.WriteLine(CacheText.Of(cache));
            if (record.Usage is { } usage)
            {
                output.WriteLine($"  in {Format.Count(usage.InputTokens)}: cache read {Format.Count(usage.CacheReadTokens)}, written {Format.Count(usage.CacheWriteTokens)}");
            }

            output.WriteLine($"  compared with {cache.ComparedWith ?? "nothing: no call before it left a cache"}");
            output.WriteLine(cache.Marks.Count == 0 ? "  no cache marks" : "  cache marks " + string.Join(", ", cache.Marks.Select(Mark)));
            if (cache.Vendor is { } vendor)
            {
                output.WriteLine($"  the vendor says {vendor.Reason}, {Format.Count(vendor.MissedInputTokens)} tokens");
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static string Mark(CacheMarkRecord mark) =>
        $"{mark.Scope}{(mark.Index is { } index ? $"[{index}]" : "")} for {mark.Ttl}";
}
