using System.CommandLine;
using System.Text;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe raw EXCHANGE [PART]</c>: one call as it was on the wire.</summary>
internal static class RawCommand
{
    private static readonly string[] Parts = ["request", "response", "headers", "system", "tools", "curl"];

    public static Command Build()
    {
        var exchange = new Argument<string>("EXCHANGE") { Description = "An exchange id." };
        var part = new Argument<string>("PART") { Description = string.Join(", ", Parts) + ".", DefaultValueFactory = _ => "request" };
        part.AcceptOnlyFromAmong(Parts);
        var wire = new Option<bool>("--wire") { Description = "The bytes as they were sent, content codings and all." };
        var command = new Command("raw", "One call as it was on the wire.") { exchange, part, wire };
        command.SetAction(line =>
        {
            var settings = GlobalOptions.Require(line);
            using var reader = StoreFile.Open(settings);
            var id = line.GetRequiredValue(exchange);
            var record = reader.Exchange(Organisation.None, id) ?? throw new CommandFailure(ExitCode.NotFine, $"lethe: no exchange has the id '{id}'.");
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(part) is "system" or "tools")
            {
                var blob = Blob(reader, record, line.GetValue(part)!);
                Pager.Show(output, page => page.WriteLine(blob));
                return ExitCode.Fine;
            }

            var kept = new KeptBodies(reader, settings.Options).Find(Organisation.None, record);
            var call = kept.Exchange ?? throw new CommandFailure(ExitCode.NotFine, "lethe: " + kept.Why);
            switch (line.GetValue(part))
            {
                case "headers":
                    Pager.Show(output, page => page.WriteLine(Headers(call)));
                    break;
                case "curl":
                    Pager.Show(output, page => page.WriteLine(CurlText.Of(call)));
                    break;
                case "response":
                    Write(output, call.Response, call.ResponseHeaders, line.GetValue(wire));
                    break;
                default:
                    Write(output, call.Request, call.RequestHeaders, line.GetValue(wire));
                    break;
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static string Blob(StoreReader reader, ExchangeRecord record, string part)
    {
        var hash = part == "system" ? record.Chain?.System : record.Chain?.Tools;
        return hash is not null && reader.Blob(Organisation.None, hash) is { } json
            ? Encoding.UTF8.GetString(json)
            : throw new CommandFailure(ExitCode.NotFine, part == "system" ? "lethe: it had no system prompt." : "lethe: it had no tools.");
    }

    private static string Headers(CapturedExchange call)
    {
        var text = new StringBuilder().Append(call.Method).Append(' ').AppendLine(call.Path);
        foreach (var header in call.RequestHeaders)
        {
            text.Append(header.Name).Append(": ").AppendLine(header.Value);
        }

        text.AppendLine().AppendLine(call.Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no answer");
        foreach (var header in call.ResponseHeaders)
        {
            text.Append(header.Name).Append(": ").AppendLine(header.Value);
        }

        return text.ToString().TrimEnd();
    }

    // To a file or a pipe the bytes go as they are; a terminal gets text that cannot command it.
    private static void Write(TextWriter output, CapturedBody body, IReadOnlyList<HeaderField> headers, bool asSent)
    {
        var bytes = body.Bytes;
        if (!asSent)
        {
            var decoded = ContentDecoder.Decode(bytes, headers.Joined("content-encoding"));
            bytes = decoded.Reason is { } why ? throw new CommandFailure(ExitCode.NotFine, $"lethe: the content coding cannot be undone ({why}); --wire gives the bytes as they are.") : decoded.Bytes;
        }

        if (Console.IsOutputRedirected && output is PrintableWriter { Inner: StreamWriter { BaseStream: var stdout } })
        {
            stdout.Write(bytes.Span);
            return;
        }

        Pager.Show(output, page => page.WriteLine(Encoding.UTF8.GetString(bytes.Span)));
    }
}
