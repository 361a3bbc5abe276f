using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Repeats;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe dead</c>: deliveries that could not be stored, and lines that could not be read; each can be delivered again.</summary>
internal static class DeadCommand
{
    public static Command Build() => new("dead", "What could not be stored or read.") { List(), Show(), Requeue() };

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Command("list", "All of them, oldest first.") { json };
        command.SetAction(line => Print(Read(line, letters => letters.DeadLetters(Organisation.None)), line.GetValue(json), line.InvocationConfiguration.Output));
        return command;
    }

    private static Command Show()
    {
        var key = Key();
        var command = new Command("show", "Those of a commit key or an exchange id.") { key };
        command.SetAction(line =>
        {
            var letters = Read(line, all => all.DeadLetters(Organisation.None, line.GetRequiredValue(key)));
            return letters.Count == 0 ? throw NoSuch(line.GetRequiredValue(key)) : Print(letters, json: true, line.InvocationConfiguration.Output);
        });
        return command;
    }

    private static Command Requeue()
    {
        var key = Key();
        key.Arity = ArgumentArity.ZeroOrOne;
        var all = new Option<bool>("--all") { Description = "Every one of them." };
        var command = new Command("requeue", "Deliver again, out of the journal; what is stored then is dead no longer.") { key, all };
        command.Validators.Add(result =>
        {
            if (result.GetValue(key) is null != result.GetValue(all))
            {
                result.AddError("requeue takes a KEY, or --all.");
            }
        });
        command.SetAction(async (line, cancel) =>
        {
            var word = line.GetValue(key);
            var letters = Read(line, letters => letters.DeadLetters(Organisation.None, word));
            return letters.Count == 0 && word is not null
                ? throw NoSuch(word)
                : await RequeueAsync(GlobalOptions.Require(line).Options, letters, line.InvocationConfiguration.Output, cancel);
        });
        return command;
    }

    private static async Task<int> RequeueAsync(LetheOptions options, IReadOnlyList<DeadLetter> letters, TextWriter output, CancellationToken cancel)
    {
        try
        {
            using var store = await StoreOfSink.OpenBesideAsync(options, options.DataDirectory, cancel);
            var requeue = new Requeue(DataLayout.Journal(options.DataDirectory), store, new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo()).Interpret);
            var left = 0;
            foreach (var letter in letters)
            {
                var result = requeue.Deliver(letter);
                if (result is { Verdict: DeliveryVerdict.Accepted or DeliveryVerdict.Duplicate })
                {
                    store.RemoveLetter(letter.Letter);
                    output.WriteLine(Format.OneLine($"{letter.Key}  stored", 1000));
                }
                else
                {
                    left++;
                    output.WriteLine(Format.OneLine($"{letter.Key}  {result?.Code ?? "the journal does not hold it, or it cannot be read"}", 1000));
                }
            }

            output.WriteLine($"{letters.Count - left} stored, {left} left");
            return left == 0 ? ExitCode.Fine : ExitCode.NotFine;
        }
        catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static IReadOnlyList<DeadLetter> Read(ParseResult line, Func<StoreReader, IReadOnlyList<DeadLetter>> read)
    {
        using var reader = StoreFile.Open(GlobalOptions.Require(line));
        return read(reader);
    }

    private static int Print(IReadOnlyList<DeadLetter> letters, bool json, TextWriter output)
    {
        foreach (var letter in letters)
        {
            output.WriteLine(json
                ? JsonSerializer.Serialize(letter, DeadLetterJson.Default.DeadLetter)
                : Format.OneLine($"{letter.BuriedAt}  {letter.Code}  {letter.Key}  at {letter.At}  {letter.Message}", 1000));
        }

        return ExitCode.Fine;
    }

    private static Argument<string> Key() => new("KEY") { Description = "A commit key, an exchange id, or journal:PLACE." };

    private static CommandFailure NoSuch(string key) => new(ExitCode.NotFine, $"lethe: no dead letter answers to '{key}'.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DeadLetter))]
internal sealed partial class DeadLetterJson : JsonSerializerContext;
