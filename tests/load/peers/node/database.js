'use strict';

const { Pool } = require('pg');

// Where it is comes from the environment, in libpq's names. Sixteen connections for both workers.
const pool = new Pool({ max: 8 });

/** What a statement gives; it is prepared under its name. */
async function query(name, text, values, on = pool) {
  return (await on.query({ name, text, values })).rows;
}

/** Carries out statements together, or none of them. */
async function transaction(statements) {
  const connection = await pool.connect();
  try {
    await connection.query('begin');
    const result = await statements((name, text, values) => query(name, text, values, connection));
    await connection.query('commit');
    connection.release();
    return result;
  } catch (error) {
    await connection.query('rollback').then(() => connection.release(), (broken) => connection.release(broken));
    throw error;
  }
}

module.exports = { query, transaction };
