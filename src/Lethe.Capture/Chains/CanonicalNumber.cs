using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Lethe.Capture.Chains;

/// <summary>Numbers as ECMAScript prints them (RFC 8785 §3.2.2.3): the shortest digits that read back as the same double.</summary>
internal static class CanonicalNumber
{
    /// <summary>Integers of up to 15 digits are doubles exactly, and are already printed as they should be.</summary>
    private const int ExactDigitsMax = 15;

    private const int DigitsMax = 17;
    private const int TextBytesMax = 32;

    /// <summary>The exponent from which ECMAScript changes to scientific notation.</summary>
    private const int PlainExponentMax = 21;

    private const int PlainExponentMin = -6;

    /// <summary>False when the number lies outside a double.</summary>
    public static bool TryWrite(ReadOnlySpan<byte> literal, IBufferWriter<byte> output)
    {
        if (IsPlainInteger(literal))
        {
            output.Write(literal);
            return true;
        }

        if (!TryRead(literal, out var value))
        {
            return false;
        }

        Write(value, output);
        return true;
    }

    /// <summary>Reads a JSON number as a double; false when it overflows.</summary>
    public static bool TryRead(ReadOnlySpan<byte> literal, out double value) =>
        double.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static bool IsPlainInteger(ReadOnlySpan<byte> literal)
    {
        var digits = literal.Length > 1 && literal[0] == '-' && literal[1] != '0' ? literal[1..] : literal;
        return digits.Length <= ExactDigitsMax && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    private static void Write(double value, IBufferWriter<byte> output)
    {
        if (value == 0)
        {
            output.Write("0"u8);
            return;
        }

        if (value < 0)
        {
            output.Write("-"u8);
            value = -value;
        }

        Span<byte> digits = stackalloc byte[DigitsMax];
        var count = ShortestDigits(value, digits, out var point);
        digits = digits[..count];
        if (point is > PlainExponentMax or <= PlainExponentMin)
        {
            WriteScientific(digits, point - 1, output);
        }
        else if (point <= 0)
        {
            output.Write("0."u8);
            WriteZeros(-point, output);
            output.Write(digits);
        }
        else if (count <= point)
        {
            output.Write(digits);
            WriteZeros(point - count, output);
        }
        else
        {
            output.Write(digits[..point]);
            output.Write("."u8);
            output.Write(digits[point..]);
        }
    }

    /// <summary>The significant digits of <paramref name="value"/> = 0.digits × 10^point.</summary>
    private static int ShortestDigits(double value, Span<byte> digits, out int point)
    {
        Span<byte> text = stackalloc byte[TextBytesMax];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        text = text[..length];

        var exponent = 0;
        var mark = text.IndexOf((byte)'E');
        if (mark >= 0)
        {
            _ = Utf8Parser.TryParse(text[(mark + 1)..], out exponent, out _);
            text = text[..mark];
        }

        var dot = text.IndexOf((byte)'.');
        point = exponent + (dot < 0 ? text.Length : dot);
        var count = 0;
        foreach (var letter in text)
        {
            if (letter == '.')
            {
                continue;
            }

            if (count == 0 && letter == '0')
            {
                point--;
                continue;
            }

            digits[count++] = letter;
            if (count == digits.Length)
            {
                break;
            }
        }

        return digits[..count].LastIndexOfAnyExcept((byte)'0') + 1;
    }

    private static void WriteScientific(ReadOnlySpan<byte> digits, int exponent, IBufferWriter<byte> output)
    {
        output.Write(digits[..1]);
        if (digits.Length > 1)
        {
            output.Write("."u8);
            output.Write(digits[1..]);
        }

        output.Write(exponent < 0 ? "e-"u8 : "e+"u8);
        Span<byte> text = stackalloc byte[TextBytesMax];
        Math.Abs(exponent).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        output.Write(text[..length]);
    }

    private static void WriteZeros(int count, IBufferWriter<byte> output)
    {
        output.GetSpan(count)[..count].Fill((byte)'0');
        output.Advance(count);
    }
}
